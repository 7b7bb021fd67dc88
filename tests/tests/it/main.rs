//! Everything that is proved in the local world, in one binary, so that the SDK is linked once.

mod scenarios;

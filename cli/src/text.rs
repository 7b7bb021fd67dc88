//! Tables and numbers for a terminal.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, presets};

/// A rule below the header, and nothing else.
const STYLE: TableStyle = presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with a header; the first column reads to the left, the others to the right.
#[must_use]
pub fn table(head: &[impl Display], rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1)).set_cell_alignment(CellAlignment::Right);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_cell_alignment(CellAlignment::Left);
    }
    table
}

/// Rows without a header: only the last column wraps. Indented by so many spaces.
#[must_use]
pub fn list(rows: &[Vec<String>], indent: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).add_rows(rows);
    let columns = table.column_count();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { indent } else { 0 }, 2));
        if index + 1 < columns {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt() + "\n"
}

/// What a word is to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// It is wrong.
    Red,
    /// It should be known.
    Yellow,
    /// It is as it should be.
    Green,
}

/// A word in colour. Whoever writes to what is no terminal, or where `NO_COLOR` is set, takes it out again: `main` does.
#[must_use]
pub fn painted(word: &str, colour: Colour) -> String {
    let colour = match colour {
        Colour::Red => AnsiColor::Red,
        Colour::Yellow => AnsiColor::Yellow,
        Colour::Green => AnsiColor::Green,
    };
    let style = Style::new().fg_color(Some(colour.into())).bold();
    format!("{style}{word}{style:#}")
}

/// A text without its colours.
#[must_use]
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Dollars, with as many decimals as say something.
#[must_use]
pub fn usd(usd: f64) -> String {
    let decimals = if usd.abs() >= 100.0 { 0 } else { 2 };
    let sign = if usd < 0.0 { "-" } else { "" };
    format!("{sign}${}", thousands(usd.abs(), decimals))
}

/// A number with separators between thousands.
#[must_use]
pub fn thousands(number: f64, decimals: usize) -> String {
    let plain = format!("{number:.decimals$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::with_capacity(plain.len() + plain.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

/// A number with three digits that say something.
#[must_use]
pub fn significant(number: f64) -> String {
    let decimals = if number >= 100.0 {
        1.0
    } else if number > 0.0 {
        2.0 - number.log10().floor()
    } else {
        0.0
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 12")]
    thousands(number, decimals.clamp(0.0, 12.0) as usize)
}

/// A share as percent, with as many decimals as a small share needs.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        0.0 => "0 %".to_owned(),
        ..0.001 => "< 0.001 %".to_owned(),
        ..1.0 => format!("{percent:.3} %"),
        _ => format!("{percent:.1} %"),
    }
}

/// A count with separators between thousands.
#[must_use]
pub fn count(count: u64) -> String {
    thousands(float(count), 0)
}

/// So many of so many, as percent.
#[must_use]
pub fn rate(part: u64, all: u64) -> String {
    if all == 0 { "none".to_owned() } else { percent(float(part) / float(all)) }
}

/// An e-value, with as many digits as say something: it may be nothing, and it may have hundreds of digits.
#[must_use]
pub fn evidence(value: f64) -> String {
    match value {
        ..0.1 => format!("{value:.2}"),
        ..10.0 => format!("{value:.1}"),
        ..1e6 => thousands(value, 0),
        _ => format!("{value:.0e}"),
    }
}

/// Exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts for people")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(usd(1_234_567.891), "$1,234,568");
        assert_eq!(usd(-12.3), "-$12.30");
        assert_eq!(thousands(999.0, 0), "999");
        assert_eq!(thousands(1000.5, 1), "1,000.5");
        assert_eq!([1921.44, 12.34, 0.0123, 0.0].map(significant), ["1,921.4", "12.3", "0.0123", "0"]);
        assert_eq!([0.0, 0.000_001, 0.0004, 0.123].map(percent), ["0 %", "< 0.001 %", "0.040 %", "12.3 %"]);
    }

    #[test]
    fn evidence_of_any_size_stays_short() {
        let told = [0.0, 1e-300, 0.05, 1.0, 9.94, 20.0, 12_345.6, 4e6, 1e299].map(evidence);
        assert_eq!(told, ["0.00", "0.00", "0.05", "1.0", "9.9", "20", "12,346", "4e6", "1e299"]);
        assert_eq!([rate(0, 0), rate(0, 9), rate(12, 1234)], ["none", "0 %", "0.972 %"]);
    }
}

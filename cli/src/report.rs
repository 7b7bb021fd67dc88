//! Pages with charts: one self-contained file, that opens without a network.
//!
//! A page is data ([`Page`]) and a renderer of ours (`assets/report.js`) on top of uPlot.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

const TEMPLATE: &str = include_str!("../assets/report.html");

/// A page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// One line below.
    pub subtitle: String,
    /// When it was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// The last line.
    pub footer: String,
    /// What it says.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// Paragraphs.
    pub text: Vec<String>,
    /// A message that people got, line by line as they got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// Charts.
    pub charts: Vec<Chart>,
}

/// A table; the first column reads to the left, the others to the right.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    /// Its header.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// The row to emphasise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlight: Option<usize>,
}

/// A chart.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Chart {
    /// Values over time.
    Time {
        /// What it shows.
        title: String,
        /// The unit of its values.
        unit: String,
        /// Seconds since 1970, rising.
        x: Vec<i64>,
        /// The lines.
        series: Vec<Series>,
        /// Charts with the same word share cursor and zoom.
        sync: String,
        /// Moments that matter.
        marks: Vec<Mark>,
        /// What stands beside a line's name while nothing is pointed at.
        summary: Summary,
        /// Has the values on a logarithmic axis, of which at most this stretch is shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        log_y: Option<[f64; 2]>,
    },
    /// Points in a plane.
    Xy {
        /// What it shows.
        title: String,
        /// What lies to the right.
        x_label: String,
        /// What lies upwards.
        y_label: String,
        /// Whether the horizontal axis is logarithmic.
        log_x: bool,
        /// The curves.
        series: Vec<Curve>,
    },
}

/// What sums up a line.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// The mean of what is shown.
    Mean,
    /// The last value shown: of what adds up.
    Last,
}

/// A line of a chart over time.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// Its name.
    pub label: String,
    /// How it is drawn.
    pub style: Style,
    /// One value for each moment; none where there is a gap.
    pub values: Vec<Option<f64>>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Filled.
    Area,
    /// From point to point.
    Line,
    /// From step to step.
    Step,
    /// Dashed.
    Dashed,
}

/// A moment that matters.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// Seconds since 1970.
    pub x: i64,
    /// What happened.
    pub label: String,
    /// What is written beside it, where it is the one that matters most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A curve in a plane.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// Its name.
    pub label: String,
    /// Right, up, and what the point is called.
    pub points: Vec<(f64, f64, String)>,
}

impl Page {
    /// The page as HTML.
    ///
    /// # Errors
    /// None that data of ours could cause.
    pub fn html(&self) -> Result<String> {
        // Nothing in the data may end the script element that holds it, or start a comment in it.
        let data = serde_json::to_string(self)?.replace('<', "\\u003c");
        let style = concat!(include_str!("../assets/uplot/uPlot.min.css"), include_str!("../assets/report.css"));
        let script =
            concat!(include_str!("../assets/uplot/uPlot.iife.min.js"), "\n", include_str!("../assets/report.js"));
        // The data last: what is in it is replaced no more.
        Ok(TEMPLATE.replace("/*{{style}}*/", style).replace("/*{{script}}*/", script).replace("{{data}}", &data))
    }

    /// Writes the page to a file.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, self.html()?).with_context(|| format!("the report can't be written to {}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_is_called_stays_data() {
        let name = "</script><!-- <script> {{data}} /*{{style}}*/ \u{2028}";
        let page = Page { title: name.to_owned(), ..Page::default() };
        let html = page.html().unwrap_or_default();
        let (_, rest) = html.split_once(r#"<script type="application/json" id="report">"#).unwrap_or_default();
        let (data, _) = rest.split_once("</script>").unwrap_or_default();
        let read: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
        assert_eq!(read["title"], name);
        assert!(!data.contains('<'));
    }

    #[test]
    fn a_page_loads_nothing() {
        let html = Page::default().html().unwrap_or_default();
        for loading in ["src=", "href=\"http", "url(", "@import", "fetch(", "XMLHttpRequest"] {
            assert!(!html.contains(loading), "{loading}");
        }
        assert!(!html.contains("{{"), "a marker is left");
    }
}

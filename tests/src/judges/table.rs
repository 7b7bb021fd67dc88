//! Tables that are text and Markdown at once.

use std::fmt::Write;

/// The header and its rows, in columns of even width.
#[must_use]
pub fn markdown(header: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).chain(header.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
    };
    line(header);
    line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
    for row in rows {
        line(row);
    }
    text
}

/// A share in percent, with as many digits as it is worth.
#[must_use]
pub fn percent(share: f64) -> String {
    if share == 0.0 || share >= 0.0995 { format!("{:.0} %", share * 100.0) } else { format!("{:.2} %", share * 100.0) }
}

/// A count with its thousands apart.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even() {
        let text = markdown(&["a".to_owned(), String::new()], &[vec!["long".to_owned(), "b".to_owned()]]);
        assert_eq!(text, "| a    |   |\n| ---- | - |\n| long | b |\n");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([0.0, 0.0021, 0.5, 1.0].map(percent), ["0 %", "0.21 %", "50 %", "100 %"]);
        assert_eq!([7, 1_000, 1_234_567].map(thousands), ["7", "1,000", "1,234,567"]);
    }
}

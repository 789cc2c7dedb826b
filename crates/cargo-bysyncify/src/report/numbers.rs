//! Numbers as people read them.

/// `1,234,567`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `+1,234`, `-5`, `0`
pub(super) fn signed(number: i64) -> String {
    let sign = match number {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// `12.3 %` of `whole`.
pub(super) fn percent(part: i64, whole: u64) -> String {
    let percent = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    format!("{percent:.1} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (number, text) in [(0, "0"), (12_345, "+12,345"), (-5, "-5"), (-100_000, "-100,000")] {
            assert_eq!(signed(number), text);
        }
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(-3, 100), "-3.0 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }
}

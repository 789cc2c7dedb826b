//! A treemap's layout: rectangles whose areas are in proportion to numbers, and that are as
//! nearly square as can be (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000).

/// A rectangle; x goes right and y goes down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Divides a rectangle into one for each size, in the same order. The sizes are positive, the largest first.
pub(super) fn layout(sizes: &[u64], within: Rectangle) -> Vec<Rectangle> {
    let total: u64 = sizes.iter().sum();
    let scale = within.width * within.height / total as f64;
    let areas: Vec<f64> = sizes.iter().map(|size| *size as f64 * scale).collect();
    let mut placed = Vec::with_capacity(sizes.len());
    let mut free = within;
    while placed.len() < areas.len() {
        let left = &areas[placed.len()..];
        let side = free.width.min(free.height);
        // A row gets another rectangle as long as that makes its worst rectangle no worse.
        let mut count = 1;
        while count < left.len() && worst(&left[..count + 1], side) <= worst(&left[..count], side) {
            count += 1;
        }
        free = place(&left[..count], free, &mut placed);
    }
    placed
}

/// How far from a square the worst rectangle of a row is; a square has 1.
fn worst(row: &[f64], side: f64) -> f64 {
    let depth = row.iter().sum::<f64>() / side;
    let ratio = |area: &f64| {
        let length = area / depth;
        (length / depth).max(depth / length)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// Places a row along the shorter side of the free rectangle, and returns the rest of that.
fn place(row: &[f64], free: Rectangle, placed: &mut Vec<Rectangle>) -> Rectangle {
    let Rectangle { mut x, mut y, width, height } = free;
    let area: f64 = row.iter().sum();
    if width >= height {
        let depth = area / height;
        for area in row {
            let length = area / depth;
            placed.push(Rectangle { x, y, width: depth, height: length });
            y += length;
        }
        Rectangle { x: free.x + depth, width: width - depth, ..free }
    } else {
        let depth = area / width;
        for area in row {
            let length = area / depth;
            placed.push(Rectangle { x, y, width: length, height: depth });
            x += length;
        }
        Rectangle { y: free.y + depth, height: height - depth, ..free }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Rectangle = Rectangle { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };

    /// The example of the paper.
    #[test]
    fn rectangles_are_nearly_square() {
        let placed = layout(&[6, 6, 4, 3, 2, 2, 1], WHOLE);
        let rounded: Vec<_> = placed
            .iter()
            .map(|it| [it.x, it.y, it.width, it.height].map(|side| (side * 100.0).round()))
            .collect();
        assert_eq!(
            rounded,
            [
                [0.0, 0.0, 300.0, 200.0],
                [0.0, 200.0, 300.0, 200.0],
                [300.0, 0.0, 171.0, 233.0],
                [471.0, 0.0, 129.0, 233.0],
                [300.0, 233.0, 120.0, 167.0],
                [420.0, 233.0, 120.0, 167.0],
                [540.0, 233.0, 60.0, 167.0],
            ]
        );
    }

    #[test]
    fn areas_are_in_proportion_and_fill_the_whole() {
        let sizes: Vec<u64> = (1..200).rev().map(|number| number * number).collect();
        let total: u64 = sizes.iter().sum();
        let placed = layout(&sizes, WHOLE);
        for (size, it) in sizes.iter().zip(&placed) {
            let area = it.width * it.height / 24.0;
            assert!((area - *size as f64 / total as f64).abs() < 1e-9);
            assert!(it.x >= 0.0 && it.x + it.width < 6.0 + 1e-9);
            assert!(it.y >= 0.0 && it.y + it.height < 4.0 + 1e-9);
        }
        assert_eq!(layout(&[], WHOLE), []);
    }
}

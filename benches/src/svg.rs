//! Line charts with both axes logarithmic, as SVG.

use std::fmt::Write;

/// What goes into one picture.
pub struct Chart {
    /// Above it.
    pub title: String,
    /// Below it.
    pub x: String,
    /// Beside it.
    pub y: String,
    /// Lines by name. All numbers are positive.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 460.0;
/// Left, top, right and bottom edge of the plane.
const PLANE: [f64; 4] = [80.0, 50.0, 610.0, 400.0];
const COLOURS: [&str; 10] =
    ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f"];

impl Chart {
    /// The picture.
    pub fn draw(&self) -> String {
        let points = || self.lines.iter().flat_map(|(_, points)| points.iter().copied());
        let (xs, ys) = (Axis::around(points().map(|(x, _)| x)), Axis::around(points().map(|(_, y)| y)));
        let [left, top, right, bottom] = PLANE;
        let at = |(x, y): (f64, f64)| (left + xs.place(x) * (right - left), bottom - ys.place(y) * (bottom - top));

        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        text(&mut svg, (left, 28.0), "start", "font-size=\"16\"", &self.title);
        text(&mut svg, ((left + right) / 2.0, bottom + 44.0), "middle", "", &self.x);
        text(&mut svg, (left, top - 8.0), "start", "", &self.y);
        for x in xs.decades() {
            let (px, _) = at((x, ys.low));
            line(&mut svg, (px, top), (px, bottom));
            text(&mut svg, (px, bottom + 20.0), "middle", "", &short(x));
        }
        for y in ys.decades() {
            let (_, py) = at((xs.low, y));
            line(&mut svg, (left, py), (right, py));
            text(&mut svg, (left - 8.0, py + 4.0), "end", "", &short(y));
        }
        for (n, (name, points)) in self.lines.iter().enumerate() {
            let colour = COLOURS[n % COLOURS.len()];
            let width = if n == 0 { 3 } else { 1 };
            let path: Vec<String> =
                points.iter().map(|&point| at(point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
                path.join(" ")
            );
            let y = top + 10.0 + 22.0 * n as f64;
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"18\" height=\"4\" fill=\"{colour}\"/>",
                right + 14.0,
                y - 6.0
            );
            text(&mut svg, (right + 40.0, y), "start", "", name);
        }
        svg + "</svg>\n"
    }
}

/// Whole decades around some numbers.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let low = 10_f64.powf(low.log10().floor());
        Self { low, high: 10_f64.powf(high.log10().ceil()).max(low * 10.0) }
    }

    /// From 0 to 1.
    fn place(&self, value: f64) -> f64 {
        (value / self.low).log10() / (self.high / self.low).log10()
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        let count = (self.high / self.low).log10().round() as i32;
        let low = self.low;
        (0..=count).map(move |n| low * 10_f64.powi(n))
    }
}

fn line(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>");
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, style: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {style}>{words}</text>");
}

/// `0.1`, `10`, `10 k`, `1 M`.
fn short(number: f64) -> String {
    match number {
        n if n >= 0.99e6 => format!("{:.0} M", n / 1e6),
        n if n >= 0.99e3 => format!("{:.0} k", n / 1e3),
        n if n >= 0.99 => format!("{n:.0}"),
        n => format!("{n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_line_for_each_name() {
        let lines = vec![("a".into(), vec![(1.0, 10.0), (100.0, 1000.0)]), ("b<".into(), vec![(10.0, 20.0)])];
        let svg = Chart { title: "t".into(), x: "x".into(), y: "y".into(), lines }.draw();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("b&lt;") && svg.contains(">1 k<"));
    }

    #[test]
    fn an_axis_reaches_from_decade_to_decade() {
        let axis = Axis::around([3.0, 4000.0].into_iter());
        assert_eq!(axis.decades().map(f64::round).collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1000.0, 10000.0]);
        assert!((axis.place(100.0) - 0.5).abs() < 1e-9);
    }
}

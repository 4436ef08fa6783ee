using System.Globalization;
using System.Text;

namespace LoraOnnx.Training.Report;

/// <summary>A line of a chart; <paramref name="Style"/> is the CSS class that colours it.</summary>
internal sealed record Curve(string Name, string Style, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A line chart as inline SVG: no script, colours from the page's style sheet.</summary>
internal static class SvgChart
{
    private const int Width = 720;
    private const int Height = 260;
    private const int Left = 64;
    private const int Right = 12;
    private const int Top = 12;
    private const int Bottom = 34;
    private const int MostTicks = 6;
    private static readonly double[] _factors = [1, 2, 5, 10];

    /// <summary>Draws all curves on one pair of axes; more points than pixels are thinned to the mean of each pixel.</summary>
    public static string Draw(string title, string xName, IReadOnlyList<Curve> curves)
    {
        var points = curves.SelectMany(curve => curve.Points).Where(point => double.IsFinite(point.Y)).ToList();
        if (points.Count == 0)
        {
            return "";
        }

        var (left, right) = Widen(points.Min(point => point.X), points.Max(point => point.X));
        var (bottom, top) = Widen(points.Min(point => point.Y), points.Max(point => point.Y));
        double X(double value) => Left + ((value - left) / (right - left) * (Width - Left - Right));
        double Y(double value) => Height - Bottom - ((value - bottom) / (top - bottom) * (Height - Top - Bottom));

        var svg = new StringBuilder($"<figure><figcaption>{Escape(title)}{Legend(curves)}</figcaption><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Escape(title)}\">");
        foreach (var y in Ticks(bottom, top))
        {
            svg.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Pixel(Y(y))}\" y2=\"{Pixel(Y(y))}\"/>");
            svg.Append($"<text x=\"{Left - 6}\" y=\"{Pixel(Y(y) + 4)}\" text-anchor=\"end\">{Number(y)}</text>");
        }

        foreach (var x in Ticks(left, right))
        {
            svg.Append($"<text x=\"{Pixel(X(x))}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{Number(x)}</text>");
        }

        svg.Append($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 3}\" text-anchor=\"middle\">{Escape(xName)}</text>");
        foreach (var curve in curves)
        {
            var thinned = curve.Points.Where(point => double.IsFinite(point.Y)).GroupBy(point => (int)X(point.X)).Select(group => (X: group.Average(point => X(point.X)), Y: group.Average(point => Y(point.Y)))).ToList();
            svg.Append($"<polyline class=\"curve {curve.Style}\" points=\"{string.Join(' ', thinned.Select(point => $"{Pixel(point.X)},{Pixel(point.Y)}"))}\"/>");
            foreach (var (x, y) in thinned.Count <= 60 ? thinned : [])
            {
                svg.Append($"<circle class=\"{curve.Style}\" cx=\"{Pixel(x)}\" cy=\"{Pixel(y)}\" r=\"2.5\"/>");
            }
        }

        return svg.Append("</svg></figure>").ToString();
    }

    /// <summary>Text for HTML.</summary>
    public static string Escape(string text) => System.Net.WebUtility.HtmlEncode(text);

    private static string Legend(IReadOnlyList<Curve> curves) =>
        curves.Count < 2 ? "" : string.Concat(curves.Select(curve => $" <span class=\"key {curve.Style}\">{Escape(curve.Name)}</span>"));

    private static (double Low, double High) Widen(double low, double high) => high > low ? (low, high) : (low - Math.Max(0.5, Math.Abs(low) * 0.01), high + Math.Max(0.5, Math.Abs(high) * 0.01));

    /// <summary>Round numbers from <paramref name="low"/> to <paramref name="high"/>: 1, 2 or 5 times a power of ten apart.</summary>
    public static IReadOnlyList<double> Ticks(double low, double high)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10((high - low) / MostTicks)));
        var distance = power * _factors.First(factor => (high - low) / (power * factor) <= MostTicks);
        var (first, last) = (Math.Ceiling(low / distance), Math.Floor(high / distance));
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(index => (first + index) * distance)];
    }

    private static string Pixel(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(Math.Abs(value) is > 0 and < 0.001 ? "0.#e0" : "0.####", CultureInfo.InvariantCulture);
}

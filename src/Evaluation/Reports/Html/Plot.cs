using System.Text;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>A drawing with two axes, as inline SVG: 360 units wide, so that its letters stay readable on a phone.</summary>
internal sealed class Plot
{
    public const double Width = 360;

    private const double Left = 44;
    private const double Right = 12;
    private const double Top = 10;
    private const double Bottom = 40;

    private readonly StringBuilder _svg = new();
    private readonly double _height;
    private readonly (double Low, double High) _x;
    private readonly (double Low, double High) _y;

    public Plot(string description, double height, (double Low, double High) x, (double Low, double High) y)
    {
        (_height, _x, _y) = (height, x, y);
        _svg.Append($"<svg viewBox=\"0 0 {Markup.At(Width)} {Markup.At(height)}\" role=\"img\" aria-label=\"{Markup.Text(description)}\">\n");
    }

    public double X(double value) => Left + ((value - _x.Low) / (_x.High - _x.Low) * (Width - Left - Right));

    public double Y(double value) => _height - Bottom - ((value - _y.Low) / (_y.High - _y.Low) * (_height - Top - Bottom));

    /// <summary>Axis lines, ticks with numbers, and what they are.</summary>
    public Plot Axes(string xTitle, IEnumerable<(double Value, string Text)> xTicks, string yTitle, IEnumerable<(double Value, string Text)> yTicks)
    {
        var (bottom, right) = (Y(_y.Low), X(_x.High));
        foreach (var (value, text) in xTicks)
        {
            Line("grid", X(value), bottom, X(value), Y(_y.High));
            Text("tick middle", X(value), bottom + 16, text);
        }

        foreach (var (value, text) in yTicks)
        {
            Line("grid", X(_x.Low), Y(value), right, Y(value));
            Text("tick end", X(_x.Low) - 6, Y(value) + 4, text);
        }

        Text("axis middle", (X(_x.Low) + right) / 2, _height - 6, xTitle);
        _svg.Append($"<text class=\"axis middle\" transform=\"translate(12 {Markup.At((bottom + Y(_y.High)) / 2)}) rotate(-90)\">{Markup.Text(yTitle)}</text>\n");
        return this;
    }

    /// <summary>A straight line in the axes' units.</summary>
    public Plot Segment(string style, (double X, double Y) from, (double X, double Y) to)
    {
        Line(style, X(from.X), Y(from.Y), X(to.X), Y(to.Y));
        return this;
    }

    /// <summary>A line through points in the axes' units.</summary>
    public Plot Curve(string style, IEnumerable<(double X, double Y)> points)
    {
        _svg.Append($"<polyline class=\"curve {style}\" points=\"{string.Join(' ', points.Select(point => $"{Markup.At(X(point.X))},{Markup.At(Y(point.Y))}"))}\"/>\n");
        return this;
    }

    /// <summary>A dot in the axes' units.</summary>
    public Plot Dot(string style, (double X, double Y) at, double radius)
    {
        _svg.Append($"<circle class=\"dot {style}\" cx=\"{Markup.At(X(at.X))}\" cy=\"{Markup.At(Y(at.Y))}\" r=\"{Markup.At(radius)}\"/>\n");
        return this;
    }

    public string End() => _svg.Append("</svg>").ToString();

    private void Line(string style, double x1, double y1, double x2, double y2) =>
        _svg.Append($"<line class=\"{style}\" x1=\"{Markup.At(x1)}\" y1=\"{Markup.At(y1)}\" x2=\"{Markup.At(x2)}\" y2=\"{Markup.At(y2)}\"/>\n");

    private void Text(string style, double x, double y, string text) =>
        _svg.Append($"<text class=\"{style}\" x=\"{Markup.At(x)}\" y=\"{Markup.At(y)}\">{Markup.Text(text)}</text>\n");

    /// <summary>Ticks at 0, 0.25, ... 1.</summary>
    public static IEnumerable<(double Value, string Text)> Quarters { get; } = [(0, "0"), (0.25, ".25"), (0.5, ".5"), (0.75, ".75"), (1, "1")];
}

using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace LoraOnnx.Reports.Plots;

/// <summary>Units of the drawings: 360 wide, so that their letters stay readable on a phone.</summary>
internal static class Sketch
{
    public const double Width = 360;
    public const double Left = 46;
    public const double Right = 12;
    public const double Top = 18;
    public const double Bottom = 40;

    /// <summary>A coordinate.</summary>
    public static string At(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Corners of a line through points; more of them than units of width are thinned to the mean of each unit.</summary>
    public static string Corners(IEnumerable<(double X, double Y)> points)
    {
        var all = points.Where(point => double.IsFinite(point.Y)).ToList();
        var corners = all.Count <= Width
            ? all
            : all.GroupBy(point => (int)point.X).Select(unit => (X: unit.Average(point => point.X), Y: unit.Average(point => point.Y)));
        return string.Join(' ', corners.Select(point => $"{At(point.X)},{At(point.Y)}"));
    }
}

/// <summary>The text element of SVG, whose name means another thing in Razor.</summary>
public sealed class SketchText : ComponentBase
{
    /// <summary>CSS classes.</summary>
    [Parameter, EditorRequired]
    public string Look { get; set; } = "";

    /// <summary>Where it starts, ends or has its middle, as the classes say.</summary>
    [Parameter]
    public double X { get; set; }

    /// <summary>Its base line.</summary>
    [Parameter]
    public double Y { get; set; }

    /// <summary>Reads from bottom to top.</summary>
    [Parameter]
    public bool IsUpright { get; set; }

    /// <summary>The words.</summary>
    [Parameter, EditorRequired]
    public string Text { get; set; } = "";

    /// <inheritdoc/>
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenElement(0, "text");
        builder.AddAttribute(1, "class", Look);
        if (IsUpright)
        {
            builder.AddAttribute(2, "transform", $"translate({Sketch.At(X)} {Sketch.At(Y)}) rotate(-90)");
        }
        else
        {
            builder.AddAttribute(3, "x", Sketch.At(X));
            builder.AddAttribute(4, "y", Sketch.At(Y));
        }

        builder.AddContent(5, Text);
        builder.CloseElement();
    }
}

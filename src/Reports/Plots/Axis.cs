using System.Globalization;

namespace LoraOnnx.Reports.Plots;

/// <summary>A round number on an axis.</summary>
public readonly record struct Tick(double Value, string Text);

/// <summary>One axis of a plot: what it is, from where to where, and its numbers.</summary>
public sealed record Axis(string Title, double Low, double High, IReadOnlyList<Tick> Ticks)
{
    private const int MostTicks = 6;
    private static readonly double[] _factors = [1, 2, 5, 10];

    /// <summary>Shares from 0 to 1.</summary>
    public static Axis Shares(string title) => new(title, 0, 1, [new(0, "0"), new(0.25, ".25"), new(0.5, ".5"), new(0.75, ".75"), new(1, "1")]);

    /// <summary>An axis that holds all values, with round numbers on it; <paramref name="text"/> says how they are written.</summary>
    public static Axis Around(string title, IEnumerable<double> values, Func<double, string>? text = null)
    {
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var (low, high) = Widen(finite.Min(), finite.Max());
        return new Axis(title, low, high, [.. RoundNumbers(low, high).Select(value => new Tick(value, (text ?? Number)(value)))]);
    }

    /// <summary>Round numbers from <paramref name="low"/> to <paramref name="high"/>: 1, 2 or 5 times a power of ten apart.</summary>
    public static IReadOnlyList<double> RoundNumbers(double low, double high)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10((high - low) / MostTicks)));
        var distance = power * _factors.First(factor => (high - low) / (power * factor) <= MostTicks);
        var (first, last) = (Math.Ceiling(low / distance), Math.Floor(high / distance));
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(index => (first + index) * distance)];
    }

    /// <summary>Where a value lies between the ends, 0 to 1.</summary>
    public double Place(double value) => (value - Low) / (High - Low);

    private static (double Low, double High) Widen(double low, double high)
    {
        var margin = high > low ? 0 : Math.Max(0.5, Math.Abs(low) * 0.01);
        return (low - margin, high + margin);
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) switch
    {
        > 0 and < 0.001 => "0.#e0",
        >= 10_000 => "#,0",
        _ => "0.####",
    }, CultureInfo.InvariantCulture);
}

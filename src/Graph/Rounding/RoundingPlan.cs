using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Rounding;

/// <summary>How a precision in 8 bits treats the matrices of one model.</summary>
/// <param name="Exact">Keys of weights that stay in fp32 though the form would round them.</param>
/// <param name="Smoothing">
/// By the weight of a <see cref="MatrixGroup"/>: what each channel of its input is multiplied by, and the weights divided by, before both are
/// rounded.
/// </param>
/// <param name="Fitted">By key: weights, divided by the smoothing, that are whole steps already (<see cref="Fit"/>).</param>
public sealed record RoundingPlan(
    IReadOnlySet<string> Exact, IReadOnlyDictionary<string, float[]> Smoothing, IReadOnlyDictionary<string, float[]> Fitted)
{
    /// <summary>Everything that the form rounds, as it is.</summary>
    public static RoundingPlan Plain { get; } = new(
        new HashSet<string>(), new Dictionary<string, float[]>(), new Dictionary<string, float[]>());

    /// <summary>
    /// SmoothQuant (arXiv 2211.10438): outliers move halfway from the input's channels into the weights, so that both have as many steps of 8 bits
    /// as they can. A channel j is divided by max|x_j|^½ / max|W_j|^½ relative to the median channel's; none grows, so that the least that an
    /// activation function gives stays where <see cref="RoundedRows"/> expects it, whose steps cannot be finer than that.
    /// </summary>
    /// <param name="weights">The model.</param>
    /// <param name="ranges">Largest size of each channel, by the weight of a group.</param>
    public static RoundingPlan Smoothed(ModelWeights weights, IReadOnlyDictionary<string, float[]> ranges)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(ranges);
        return Plain with
        {
            Smoothing = MatrixGroup.Of(weights.Config.Layout).Where(group => ranges.ContainsKey(group.Name))
                .ToDictionary(group => group.Name, group => Factors(weights, group, ranges[group.Name])),
        };
    }

    /// <summary>
    /// The same with the weights of some groups rounded as <see cref="NearestPlane"/> does, one after the other; where they are not, the nearest code
    /// of each weight is taken.
    /// </summary>
    /// <param name="weights">The model.</param>
    /// <param name="precision">One in 8 bits.</param>
    /// <param name="moments">Σ xᵀx of a group's inputs, by its name.</param>
    public RoundingPlan Fit(ModelWeights weights, Precision precision, IReadOnlyDictionary<string, float[]> moments)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(moments);
        var form = RoundedForm.Of(precision) ?? throw new ArgumentException($"{precision} rounds no matrix to 8 bits.", nameof(precision));
        var fitted = Fitted.ToDictionary(StringComparer.Ordinal);
        foreach (var group in MatrixGroup.Of(weights.Config.Layout).Where(group => moments.ContainsKey(group.Name)))
        {
            var smoothing = form.TakesSmoothing ? Smoothing.GetValueOrDefault(group.Name) : null;
            var plane = new NearestPlane(moments[group.Name], smoothing);
            foreach (var linear in group.Linears.Where(linear => form.Takes(weights.Config.Layout, linear.Weight)))
            {
                var values = weights[linear.Weight].Values;
                fitted[linear.Weight] = plane.Fit(smoothing is null ? values : WeightSet.Smoothed(values, smoothing), form.SharedBy(linear.In));
            }
        }

        return this with { Fitted = fitted };
    }

    /// <summary>The same with a group in fp32.</summary>
    public RoundingPlan Without(MatrixGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return this with { Exact = new HashSet<string>([.. Exact, .. group.Weights]) };
    }

    private static float[] Factors(ModelWeights weights, MatrixGroup group, float[] inputs)
    {
        const float Least = 1e-5f;
        var largest = new float[inputs.Length];
        foreach (var weight in group.Weights)
        {
            var values = weights[weight].Values;
            for (var i = 0; i < values.Length; i++)
            {
                largest[i % inputs.Length] = MathF.Max(largest[i % inputs.Length], MathF.Abs(values[i]));
            }
        }

        var factors = inputs.Select((input, channel) => MathF.Sqrt(MathF.Max(largest[channel], Least) / MathF.Max(input, Least))).ToArray();
        var usual = factors.Order().ElementAt(factors.Length / 2);
        return [.. factors.Select(factor => MathF.Min(1, factor / usual))];
    }
}

/// <summary>Matrices of a block that read the same input and are rounded together: queries, keys and values; or one alone.</summary>
/// <param name="Name">Key of its first weight.</param>
/// <param name="Linears">Its modules.</param>
/// <param name="ReadsEveryToken">The one whose input, in the serving graph, are the rows of all tokens.</param>
public sealed record MatrixGroup(string Name, IReadOnlyList<LinearLayout> Linears, LinearLayout ReadsEveryToken)
{
    /// <summary>Keys of its weights.</summary>
    public IEnumerable<string> Weights => Linears.Select(linear => linear.Weight);

    /// <summary>Products a token.</summary>
    public long Products => Linears.Sum(linear => (long)linear.In * linear.Out);

    /// <summary>The groups of an encoder; of its last block those that read more than [CLS].</summary>
    public static IReadOnlyList<MatrixGroup> Of(EncoderLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return
        [
            .. layout.Blocks.SelectMany(block => block == layout.Blocks[^1]
                ? [new MatrixGroup(block.Query.Weight, [block.Key, block.Value], block.Key)]
                : Groups(block)),
        ];
    }

    private static IEnumerable<MatrixGroup> Groups(BlockLayout block) =>
    [
        new(block.Query.Weight, [block.Query, block.Key, block.Value], block.Key),
        .. new[] { block.Output, block.Up, block.Down }.Select(linear => new MatrixGroup(linear.Weight, [linear], linear)),
    ];

    /// <summary>The name of the group that a matrix is in.</summary>
    internal static string NameOf(EncoderLayout layout, string weight) =>
        layout.Blocks.FirstOrDefault(block => weight == block.Key.Weight || weight == block.Value.Weight)?.Query.Weight ?? weight;
}

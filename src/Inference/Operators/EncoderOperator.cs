using System.Diagnostics;
using System.Numerics.Tensors;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Kernels;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Steps;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Inference.Operators;

/// <summary><see cref="KernelModel.Encoder"/>; weights are rounded and laid out when it is made.</summary>
internal sealed unsafe class EncoderOperator : IOperator
{
    private readonly IReadOnlyList<BlockLayout> _layouts;
    private readonly PackedEncoder _encoder;
    private readonly PlannedChanges? _changes;

    /// <summary>Makes the operator.</summary>
    /// <param name="model">The weights.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="kernels">What computes.</param>
    /// <param name="changes">What adapters change, where the graph takes some.</param>
    public EncoderOperator(KernelModel model, ModelConfig config, KernelSet kernels, PlannedChanges? changes = null)
    {
        var shape = config.Shape;
        _changes = changes;
        _layouts = [.. model.Blocks.Select(block => block.Layout)];
        _encoder = kernels.Encoder(
            model.Blocks.Select(block => Weights(kernels, block, shape, isLast: block == model.Blocks[^1])), shape.Heads, shape.HeadWidth,
            config.MaxTokens);
        Inputs = changes is null ? [OperatorInput.Float, OperatorInput.Int32] : [OperatorInput.Float, OperatorInput.Int32, OperatorInput.Int32];
    }

    /// <inheritdoc/>
    public string Name => KernelModel.Encoder;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; }

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var (x, lengths) = (call.Input(0), call.Input(1));
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Columns, _encoder.Width, nameof(x));
        var texts = (int)lengths.Rows;
        var tokens = TensorPrimitives.Sum(new ReadOnlySpan<int>((int*)lengths.Numbers, texts));
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokens, x.Rows, nameof(lengths));
        _encoder.Run((float*)x.Numbers, (int*)lengths.Numbers, texts, call.Output(texts, _encoder.Width), call.Workers,
            _changes is null ? null : Changes(_changes, *(int*)call.Input(2).Numbers, x.Rows, texts));
    }

    /// <summary>What a run's plan changes in each block; null: nothing in any.</summary>
    private IReadOnlyList<BlockChanges>? Changes(PlannedChanges all, int plan, long tokens, long texts) => plan == 0 ? null
        : [.. _layouts.Select((layout, place) => Changes(all, plan, layout, tokens, texts, isLast: place == _layouts.Count - 1))];

    private static BlockChanges Changes(PlannedChanges all, int plan, BlockLayout layout, long tokens, long texts, bool isLast)
    {
        var (query, key, value) = (layout.Query, layout.Key, layout.Value);
        var rows = isLast ? texts : tokens;
        return new()
        {
            Queries = isLast ? all.Of(plan, rows, (query.Name, 0))
                : all.Of(plan, rows, (query.Name, 0), (key.Name, query.Out), (value.Name, query.Out + key.Out)),
            KeysValues = isLast ? all.Of(plan, tokens, (key.Name, 0), (value.Name, key.Out)) : null,
            Output = all.Of(plan, rows, (layout.Output.Name, 0)),
            AttentionNorm = all.Of(plan, rows, (layout.AttentionNorm.Name, 0)),
            Up = all.Of(plan, rows, (layout.Up.Name, 0)),
            Down = all.Of(plan, rows, (layout.Down.Name, 0)),
            OutputNorm = all.Of(plan, rows, (layout.OutputNorm.Name, 0)),
        };
    }

    private static BlockWeights Weights(KernelSet kernels, KernelBlock block, EncoderShape shape, bool isLast)
    {
        var layout = block.Layout;
        return new BlockWeights(
            isLast ? Linear(layout.Query) : Linear(layout.Query, layout.Key, layout.Value), isLast ? Linear(layout.Key, layout.Value) : null,
            Linear(layout.Output), Norm(layout.AttentionNorm), Linear(layout.Up), Of(shape.Activation), Linear(layout.Down), Norm(layout.OutputNorm));

        PackedWeights Linear(params IReadOnlyList<LinearLayout> linears) => Weights(kernels, block, linears);

        NormTensors Norm(NormLayout norm) => new(block.Tensor(norm.Weight), block.Tensor(norm.Bias), shape.NormEpsilon);
    }

    private static LinearActivation Of(Activation activation) => activation switch
    {
        Activation.Gelu => LinearActivation.Gelu,
        Activation.GeluTanh => LinearActivation.GeluTanh,
        Activation.Relu => LinearActivation.Relu,
        _ => throw new UnreachableException($"A block has the activation {activation}. This is a bug."),
    };

    /// <summary>One linear whose outputs are those of several, side by side; in 8 bits where all of them are.</summary>
    private static PackedWeights Weights(KernelSet kernels, KernelBlock block, IReadOnlyList<LinearLayout> linears)
    {
        var bias = Joined(linears.Select(linear => block.Tensor(linear.Bias)));
        List<RoundedMatrix> rounded = [.. linears.Select(linear => block.Rounded(linear.Weight)).OfType<RoundedMatrix>()];
        return rounded.Count < linears.Count || rounded.Any(matrix => !matrix.Smoothing.Span.SequenceEqual(rounded[0].Smoothing.Span))
            ? kernels.Weights(new LinearTensors(Joined(linears.Select(linear => block.Tensor(linear.Weight))), bias))
            : kernels.Weights(new CodedTensors(
                Joined(rounded.Select(matrix => matrix.Codes)), Joined(rounded.Select(matrix => matrix.Factors)), bias, rounded[0].Smoothing,
                linears[0].Name == block.Layout.Down.Name));
    }

    private static T[] Joined<T>(IEnumerable<ReadOnlyMemory<T>> parts)
    {
        ReadOnlyMemory<T>[] all = [.. parts];
        var joined = new T[all.Sum(part => part.Length)];
        var place = 0;
        foreach (var part in all)
        {
            part.CopyTo(joined.AsMemory(place));
            place += part.Length;
        }

        return joined;
    }
}

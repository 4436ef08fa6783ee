using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>One transformer layer with its adapters, forward and backward. Of the last layer only what [CLS] needs is computed.</summary>
/// <remarks>Shapes: x [rows, width], a row a token; the last layer gives [texts, width]. Gradients of frozen weights are never made.</remarks>
internal sealed class EncoderLayer : IDisposable
{
    private readonly bool _isLast;
    private readonly int _width;
    private readonly double _dropout;
    private readonly double _attentionDropout; // of what the attention's output module gives
    private readonly Func<Tensor, Tensor> _activation;
    private readonly StackedLinear? _query; // the last layer's, whose queries have rows of their own; elsewhere part of _inputs
    private readonly StackedLinear _inputs; // [query,] key, value
    private readonly PackedAttention _attention;
    private readonly StackedLinear _output;
    private readonly LayerNorm _attentionNorm;
    private readonly StackedLinear _up;
    private readonly StackedLinear _down;
    private readonly LayerNorm _outputNorm;

    /// <summary>Copies the layer's weights to the device.</summary>
    public EncoderLayer(ModelWeights weights, BlockLayout block, Func<string, AdapterTensors?> adapterOf, BodyOptions options, TorchDevice device)
    {
        var config = weights.Config;
        var type = TorchDevice.TypeOf(options.Precision);
        StackedLinear Linear(params LinearLayout[] linears) =>
            new(weights, [.. linears.Select(linear => linear.Name)], adapterOf, options.AdapterDropout, type, device.Device);
        _isLast = block == config.Layout.Blocks[^1];
        _width = config.Shape.Width;
        _dropout = options.Dropout ? config.Dropout.Hidden : 0;
        _attentionDropout = options.Dropout ? config.Dropout.AttentionOutput : 0;
        _activation = TorchActivation.Of(config.Shape.Activation);
        _query = _isLast ? Linear(block.Query) : null;
        _inputs = _isLast ? Linear(block.Key, block.Value) : Linear(block.Query, block.Key, block.Value);
        _attention = new PackedAttention(
            device.Attention(options.AttentionDropout ? config.Dropout.Attention : 0), config.Shape.Heads, config.Shape.HeadWidth, _isLast);
        _output = Linear(block.Output);
        _attentionNorm = new LayerNorm(weights, block.AttentionNorm, type, device.Device);
        _up = Linear(block.Up);
        _down = Linear(block.Down);
        _outputNorm = new LayerNorm(weights, block.OutputNorm, type, device.Device);
    }

    /// <summary>True when some module of the layer has an adapter.</summary>
    public bool IsAdapted => AttentionIsAdapted || _up.IsAdapted || _down.IsAdapted;

    /// <summary>Which of the stacked modules is the key.</summary>
    private int FirstKey => _query is null ? 1 : 0;

    private bool AttentionIsAdapted => _inputs.IsAdapted || _output.IsAdapted || _query is { IsAdapted: true };

    private IEnumerable<StackedLinear> Linears => [.. _query is null ? (StackedLinear[])[] : [_query], _inputs, _output, _up, _down];

    /// <summary>Brings the working copies of the adapters up to date.</summary>
    public void Refresh()
    {
        foreach (var linear in Linears)
        {
            linear.Refresh();
        }
    }

    /// <summary>The layer's result, in the caller's scope; and what <see cref="Backward"/> needs, when it is to follow.</summary>
    public (Tensor Result, Saved? Saved) Forward(Tensor x, DeviceBatch batch, Dropout? dropout, bool record)
    {
        using var scope = NewDisposeScope();
        var tape = record ? new Tape() : null;
        var rows = _isLast ? x.index_select(0, batch.FirstTokens) : x;
        var (inputs, inputsSaved) = _inputs.Forward(x, dropout, tape);
        var (query, querySaved) = _query is null ? (Column(inputs, 0), null) : _query.Forward(rows, dropout, tape);
        var (context, attention) = _attention.Forward(query, Column(inputs, FirstKey), Column(inputs, FirstKey + 1), batch, dropout, tape);
        var (attended, outputSaved) = _output.Forward(context, dropout, tape);
        var attentionMask = dropout?.Mask(attended, _attentionDropout);
        var (normed, attentionNorm) =
            _attentionNorm.Forward(attentionMask is null ? attended.add_(rows, Scalars.One) : attentionMask.Added(rows, attended), tape);
        var (up, upSaved) = _up.Forward(normed, dropout, tape);
        var (active, activation) = LocalGradient.Run(_activation, up, tape);
        var (down, downSaved) = _down.Forward(active, dropout, tape);
        var mask = dropout?.Mask(down, _dropout);
        var sum = mask is null ? down.add_(normed, Scalars.One) : mask.Added(normed, down);
        var (result, outputNorm) = _outputNorm.Forward(sum, tape);
        var saved = tape is null || attentionNorm is null || activation is null || outputNorm is null ? null
            : new Saved
            {
                Tape = tape,
                Query = querySaved,
                Inputs = inputsSaved,
                Attention = attention,
                Output = outputSaved,
                AttentionMask = attentionMask?.Keep(tape),
                AttentionNorm = attentionNorm,
                Up = upSaved,
                Activation = activation,
                Down = downSaved,
                Mask = mask?.Keep(tape),
                OutputNorm = outputNorm,
            };
        return (result.MoveToOuterDisposeScope(), saved);
    }

    /// <summary>Adds to the gradients of the adapters and frees <paramref name="saved"/>; the gradient of x, in the caller's scope, where it is asked
    /// for.</summary>
    public Tensor? Backward(Tensor gradient, DeviceBatch batch, Saved saved, bool inputGradient)
    {
        using var scope = NewDisposeScope();
        using var tape = saved.Tape;
        var sum = saved.OutputNorm.Backward(gradient);
        var goesOn = inputGradient || AttentionIsAdapted;
        var active = _down.Backward(saved.Mask is null ? sum : saved.Mask.Apply(sum), saved.Down, goesOn || _up.IsAdapted);
        if (active is null)
        {
            return null;
        }

        var normed = _up.Backward(saved.Activation.Backward(active), saved.Up, goesOn);
        if (normed is null)
        {
            return null;
        }

        var attended = saved.AttentionNorm.Backward(normed.add_(sum, Scalars.One));
        // asked for
        var context = _output.Backward(
            saved.AttentionMask is null ? attended : saved.AttentionMask.Apply(attended), saved.Output, inputGradient: true)!;
        var inputs = batch.NewRows((FirstKey + 2) * _width, gradient.dtype);
        var query = _query is null ? Column(inputs, 0) : empty_like(context);
        _attention.Backward(context, saved.Attention, batch, query, Column(inputs, FirstKey), Column(inputs, FirstKey + 1));
        var x = _inputs.Backward(inputs, saved.Inputs, inputGradient);
        var rows = _query is null ? null : _query.Backward(query, saved.Query, inputGradient);
        if (x is null)
        {
            return null;
        }

        x = rows is null ? x.add_(attended, Scalars.One) : x.index_add_(0, batch.FirstTokens, rows.add_(attended, Scalars.One), Scalars.One);
        return x.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[.. Linears, _attentionNorm, _outputNorm])
        {
            part.Dispose();
        }
    }

    private Tensor Column(Tensor stacked, int index) => stacked.narrow(1, (long)index * _width, _width);

    /// <summary>What the backward pass needs.</summary>
    internal sealed class Saved
    {
        public required Tape Tape { get; init; }

        public required StackedLinear.Saved? Query { get; init; }

        public required StackedLinear.Saved? Inputs { get; init; }

        public required IReadOnlyList<Func<Tensor, Tensor[]>> Attention { get; init; }

        public required StackedLinear.Saved? Output { get; init; }

        public required DropoutMask? AttentionMask { get; init; }

        public required LocalGradient AttentionNorm { get; init; }

        public required StackedLinear.Saved? Up { get; init; }

        public required LocalGradient Activation { get; init; }

        public required StackedLinear.Saved? Down { get; init; }

        public required DropoutMask? Mask { get; init; }

        public required LocalGradient OutputNorm { get; init; }
    }
}

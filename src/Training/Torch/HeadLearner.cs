using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Steps;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>The head alone, on features made once by a frozen encoder, with the same loss, dropout and optimizer as beside adapters.</summary>
internal sealed class HeadLearner : ILearner<FeatureBatch>
{
    private readonly ModelWeights _weights;
    private readonly LearnerOptions _options;
    private readonly Device _device;
    private readonly TrainedParameters _parameters;
    private readonly IOptimizer _optimizer;

    /// <summary>Starts from the head in <paramref name="weights"/>.</summary>
    public HeadLearner(ModelWeights weights, LearnerOptions options, TorchDevice device)
    {
        _weights = weights;
        _options = options;
        _device = device.Device;
        _parameters = new TrainedParameters(LearnedTensors.Head(weights), _device);
        _optimizer = device.Optimizer(_parameters, options.Optimizer, loraPlusRatio: 1);
    }

    /// <inheritdoc/>
    public long TrainedParameters => _parameters.Count;

    /// <inheritdoc/>
    public bool HasChanged => _parameters.HaveChanged();

    /// <inheritdoc/>
    public StepResult Step(IReadOnlyList<FeatureBatch> parts, LearningRates rates)
    {
        using var scope = NewDisposeScope();
        // Features have no length: the parts of a step need not be computed apart.
        float[][] features = [.. parts.SelectMany(part => part.Features)];
        IReadOnlyList<int>[] labels =
            [.. parts.SelectMany(part => part.Labels ?? throw new ArgumentException("A batch to train on needs labels.", nameof(parts)))];
        var dropout = new HeadDropout(
            new Dropout(_options.Seed, _optimizer.StepCount, part: 0), _options.BodyDropout ? _weights.Config.Dropout.Head : 0, 0);
        _parameters.Gradients.zero_();
        var leaves = _weights.Config.Layout.Head.Keys.ToDictionary(name => name, name => _parameters.ValueOf(name).detach().requires_grad_(true));
        var logits = ClassifierHead.Forward(Matrix(features), _weights.Config.Layout.Head.Linears, HeadTensors.Plain(name => leaves[name]), dropout);
        using var share = (1.0 / LossWeight.Of(labels, _weights.Config, _options)).ToScalar();
        var loss = ClassifierHead.Loss(logits, labels, _weights.Config, _options).mul(share);
        var gradients = autograd.grad([loss], [.. leaves.Values]);
        using (no_grad())
        {
            foreach (var (name, gradient) in leaves.Keys.Zip(gradients))
            {
                _parameters.GradientOf(name).add_(gradient, Scalars.One);
            }
        }

        return LossAndNorm.Result(features.Length, tokens: 0, loss.detach(), _optimizer.Step(0, rates.Head));
    }

    /// <inheritdoc/>
    public float[][] Logits(FeatureBatch batch)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var logits = ClassifierHead.Forward(
            Matrix(batch.Features), _weights.Config.Layout.Head.Linears, HeadTensors.Plain(_parameters.ValueOf), dropout: null);
        return [.. logits.cpu().data<float>().ToArray().Chunk(_weights.Config.Task.Labels.Count)];
    }

    /// <inheritdoc/>
    public TrainedWeights Export() => new(null, [.. _weights.Config.Layout.Head.Keys.Select(_parameters.Read)]);

    /// <inheritdoc/>
    public LearnerState Save() => _parameters.Save(_optimizer.StepCount);

    /// <inheritdoc/>
    public void Restore(LearnerState state)
    {
        _parameters.Restore(state);
        _optimizer.StepCount = state.Step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _parameters.Dispose();
    }

    private Tensor Matrix(IReadOnlyList<float[]> rows)
    {
        var values = new float[rows.Count * rows[0].Length];
        for (var row = 0; row < rows.Count; row++)
        {
            rows[row].CopyTo(values, row * rows[0].Length);
        }

        return TorchDevice.Upload(values, _device).view(rows.Count, rows[0].Length);
    }
}

using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>
/// Trains pre_classifier and classifier on features made once by <see cref="TrainingEngine.Features"/>, with the engine's loss, dropout and optimizer.
/// One thread at a time. <see cref="NativeTorch.Prepare"/> must have run.
/// </summary>
internal sealed class HeadTrainer : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly EngineOptions _options;
    private readonly Device _device;
    private readonly TrainedParameters _parameters;
    private readonly IOptimizer _optimizer;

    private HeadTrainer(ModelWeights weights, EngineOptions options)
    {
        _weights = weights;
        _options = options;
        _device = ComputeDevices.Open(options.Device, options.Threads, options.AllowTf32);
        _parameters = new TrainedParameters(ClassifierHead.Specs(weights), _device);
        _optimizer = ComputeDevices.Optimizer(options.Device, _parameters, options.Optimizer, loraPlusRatio: 1);
    }

    /// <summary>Starts from the head in <paramref name="weights"/>; of the options, those of adapters and body do not matter.</summary>
    public static HeadTrainer Create(ModelWeights weights, EngineOptions options) => new(weights, options);

    /// <summary>Numbers that training changes.</summary>
    public long TrainedParameters => _parameters.Count;

    /// <summary>Forward, backward, clipping, AdamW on one batch; <paramref name="labels"/> as in <see cref="PackedBatch"/>.</summary>
    public StepResult Step(IReadOnlyList<float[]> features, IReadOnlyList<IReadOnlyList<int>> labels, double learningRate)
    {
        using var scope = NewDisposeScope();
        var dropout = new Dropout(_options.Seed, _optimizer.StepCount, part: 0);
        _parameters.Gradients.zero_();
        var leaves = _weights.Config.Layout.Head.Keys.ToDictionary(name => name, name => _parameters.ValueOf(name).detach().requires_grad_(true));
        var logits = ClassifierHead.Forward(Matrix(features), _weights.Config.Layout.Head.Linears, leaves.GetValueOrDefault, plan: null, dropout, _options.BodyDropout ? _weights.Config.Dropout.Head : 0);
        using var share = (1.0 / features.Count).ToScalar();
        var loss = ClassifierHead.Loss(logits, labels, _weights.Config, _options.LabelSmoothing).mul(share);
        var gradients = autograd.grad([loss], [.. leaves.Values]);
        using (no_grad())
        {
            foreach (var (name, gradient) in leaves.Keys.Zip(gradients))
            {
                _parameters.GradientOf(name).add_(gradient);
            }
        }

        var both = cat([loss.detach().view(1), _optimizer.Step(0, learningRate).view(1)], 0).DetachFromDisposeScope();
        return new StepResult(features.Count, tokens: 0, () =>
        {
            using var onCpu = both.cpu();
            var values = onCpu.data<float>().ToArray();
            both.Dispose();
            return (values[0], values[1]);
        });
    }

    /// <summary>Logits of each row of features, without dropout.</summary>
    public float[][] Logits(IReadOnlyList<float[]> features)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var logits = ClassifierHead.Forward(Matrix(features), _weights.Config.Layout.Head.Linears, _parameters.ValueOf, plan: null, dropout: null, 0);
        return [.. logits.cpu().data<float>().ToArray().Chunk(_weights.Config.Task.Labels.Count)];
    }

    /// <summary>The tensors of the head as they are now.</summary>
    public IReadOnlyList<NamedTensor> ExportHead() => [.. _weights.Config.Layout.Head.Keys.Select(_parameters.Read)];

    /// <summary>A copy of all that training changes.</summary>
    public EngineState SaveState() => _parameters.Save(_optimizer.StepCount);

    /// <summary>Goes back to a state of a trainer with the same options.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    public void RestoreState(EngineState state)
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

        return tensor(values).view(rows.Count, rows[0].Length).to(_device);
    }
}

using System.Numerics.Tensors;
using LoraOnnx.Graph.Training;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Onnx;

/// <summary>What learners of both kinds do with their parts: run the graph for loss and gradients, add those up, and update.</summary>
internal sealed class GradientSession : IDisposable
{
    private readonly LentSession _session;
    private readonly FlatParameters _parameters;
    private readonly AdamWPieces _optimizer;
    private readonly LearnerOptions _options;
    private readonly int _threads;
    private readonly string[] _outputs;
    private readonly MaskInputs _masks;

    /// <summary>Opens the session of a step's graph.</summary>
    public GradientSession(TrainingModel model, FlatParameters parameters, LearnerOptions options, double loraPlusRatio, Machine machine)
    {
        _session = new LentSession(model, machine);
        (_parameters, _options, _threads) = (parameters, options, machine.Threads);
        _optimizer = new AdamWPieces(parameters.Layout, options.Optimizer, loraPlusRatio);
        _outputs = [TrainingInputs.Loss, .. parameters.Layout.Slots.Select(slot => TrainingInputs.Gradient(slot.Name))];
        _masks = new MaskInputs(model.Dropout, machine.Threads);
    }

    /// <summary>Steps done.</summary>
    public long StepCount
    {
        get => _optimizer.StepCount;
        set => _optimizer.StepCount = value;
    }

    /// <summary>Forward and backward over all parts, clipping, one update; loss and gradient norm.</summary>
    public (float Loss, float Norm) Step(IEnumerable<IPartInputs> parts, LearningRates rates)
    {
        _parameters.ForgetGradients();
        var (loss, place) = (0f, 0);
        foreach (var part in parts)
        {
            using (part)
            {
                loss += Accumulate(part, new DropoutKeys(_options.Seed, _optimizer.StepCount, place++));
            }
        }

        return (loss, (float)_optimizer.Step(rates.Adapter, rates.Head, _parameters.Numbers, For));
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private float Accumulate(IPartInputs part, DropoutKeys keys)
    {
        using var masks = _masks.Draw(part, keys);
        using var outputs = _session.Run([.. part.Values, .. masks.Values, .. _parameters.Inputs], _outputs);
        foreach (var (slot, gradient) in _parameters.Layout.Slots.Zip(outputs.Skip(1)))
        {
            var sum = _parameters.GradientOf(slot.Name);
            TensorPrimitives.Add(sum, gradient.GetTensorDataAsSpan<float>(), sum);
        }

        return outputs[0].GetTensorDataAsSpan<float>()[0];
    }

    private void For(int count, Action<int> body) =>
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = _threads }, body);
}

using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Loop;

/// <summary>Trains adapters, and the head with them if it is trained, through the whole encoder.</summary>
internal sealed class EncoderTrainer : ITrainer
{
    private readonly TrainingEngine _engine;
    private readonly TextSet _train;
    private readonly bool _trainsHead;

    /// <summary>Takes the engine over.</summary>
    public EncoderTrainer(TrainingEngine engine, TextSet train, bool trainsHead)
    {
        _engine = engine;
        _train = train;
        _trainsHead = trainsHead;
    }

    public long TrainedParameters => _engine.TrainedParameters;

    public StepResult Step(IReadOnlyList<int[]> parts, LearningRates rates) => _engine.Step([.. parts.Select(Pack)], rates.Adapter, rates.Head);

    public float[][] Logits(TextSet texts, CancellationToken cancellationToken) => Encoding.Run(texts, _engine.Logits, cancellationToken);

    public TrainedWeights Export() => new(_engine.ExportAdapter(), _trainsHead ? _engine.ExportHead() : null);

    public EngineState SaveState() => _engine.SaveState();

    public void RestoreState(EngineState state) => _engine.RestoreState(state);

    public void Dispose() => _engine.Dispose();

    private PackedBatch Pack(int[] texts) => new([.. texts.Select(text => _train.Encoded[text])], [.. texts.Select(text => _train.Labels[text])]);
}

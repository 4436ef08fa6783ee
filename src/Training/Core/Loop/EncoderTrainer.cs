using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>Trains adapters, and the head with them if it is trained, through the whole encoder. Takes the learner over.</summary>
internal sealed class EncoderTrainer(ILearner<PackedBatch> learner, TextSet train) : ITrainer
{
    public long TrainedParameters => learner.TrainedParameters;

    public bool HasChanged => learner.HasChanged;

    public StepResult Step(IReadOnlyList<int[]> parts, LearningRates rates) => learner.Step([.. parts.Select(Pack)], rates);

    public float[][] Logits(TextSet texts, CancellationToken cancellationToken) => LengthSortedPass.Run(texts, learner.Logits, cancellationToken);

    public TrainedWeights Export() => learner.Export();

    public LearnerState Save() => learner.Save();

    public void Restore(LearnerState state) => learner.Restore(state);

    public void Dispose() => learner.Dispose();

    private PackedBatch Pack(int[] texts) => new([.. texts.Select(text => train.Encoded[text])], [.. texts.Select(text => train.Labels[text])]);
}

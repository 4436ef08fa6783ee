using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.OnDevice;

/// <summary>Steps of ONNX Runtime's training runtime over the artifacts of lora-merge --training-artifacts.</summary>
internal static class DeviceTraining
{
    /// <summary>Trains, saves a checkpoint for lora-merge --checkpoint, and a model that answers on this device.</summary>
    public static void Train(string what, string artifacts, CheckpointState state, IReadOnlyList<Batch> batches, int epochs, float rate, string saved)
    {
        using var session = new TrainingSession(state, Path.Combine(artifacts, "training_model.onnx"), Path.Combine(artifacts, "eval_model.onnx"),
            Path.Combine(artifacts, "optimizer_model.onnx"));
        session.SetLearningRate(rate);
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            var loss = batches.Average(batch => Step(session, batch));
            Console.WriteLine($"{what}: epoch {epoch} of {epochs}, loss {loss:0.0000}");
        }

        CheckpointState.SaveCheckpoint(state, saved, includeOptimizerState: false);
        session.ExportModelForInferencing(Path.ChangeExtension(saved, ".onnx"), ["logits"]);
    }

    private static float Step(TrainingSession session, Batch batch)
    {
        var inputs = batch.Values();
        try
        {
            using var outputs = session.TrainStep(inputs);
            var loss = outputs[0].GetTensorDataAsSpan<float>()[0];
            session.OptimizerStep();
            session.LazyResetGrad();
            return loss;
        }
        finally
        {
            Array.ForEach(inputs, input => input.Dispose());
        }
    }
}

using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Report;

/// <summary>The last lines of a run.</summary>
internal static class RunSummary
{
    public static IEnumerable<string> Lines(RunRecord record, RunFolder folder)
    {
        yield return "";
        if (record is { Validation: { } validation, Best: { } best })
        {
            yield return $"validation: raw F1 {DisplayText.Percent(record.Raw?.F1 ?? 0)} -> {DisplayText.Percent(validation.F1)} (fp32; best "
                + $"evaluation: step {best.Step}, epoch {best.Epoch:0.00})";
            if (record.Raw is { } raw && validation.F1 <= raw.F1)
            {
                yield return "warning: training did not raise the F1 on the validation texts.";
            }
        }

        if (record.Test is { } test)
        {
            yield return $"test:       raw F1 {DisplayText.Percent(record.RawTest?.F1 ?? 0)} -> {DisplayText.Percent(test.F1)} (fp32), accuracy "
                + $"{DisplayText.Percent(test.Accuracy)}";
        }

        yield return $"trained:    {record.TrainedParameters:N0} parameters in {record.Steps} steps, "
            + $"{DisplayText.Duration(TimeSpan.FromSeconds(record.TrainingSeconds))}; "
            + $"start-up {record.StartUpSeconds:0.0} s; peak memory {DisplayText.Bytes(record.PeakMemoryBytes ?? 0)}; padding "
            + $"{record.PaddingShare ?? 0:P0}";
        if (Directory.Exists(folder.Adapter))
        {
            yield return $"adapter:    {folder.Adapter}";
        }

        if (Directory.Exists(folder.Head))
        {
            yield return $"head:       {folder.Head}";
        }

        yield return $"report:     {folder.Report}";
        yield return $"next:       lora-merge --run {folder.Path} --out model.onnx";
    }
}

using LoraOnnx.Model;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Models;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols;

/// <summary>From logits to what callers see.</summary>
internal static class Predictions
{
    public static PredictResponse Response(ServedModel model, Classification classification, bool includeLogits)
    {
        var task = model.Description.Task;
        var scores = model.Calibration.Scores(classification.Logits, task.ProblemType);
        var decided = model.Calibration.Predict(scores);
        var labels = task.Labels;
        var response = new PredictResponse
        {
            Label = labels[decided],
            Score = (float)scores[decided],
            Tokens = (uint)classification.Tokens,
            TotalTokens = (uint)classification.TotalTokens,
            Truncated = classification.Truncated,
            Model = model.Name,
            ModelVersion = model.Version,
            Times = new StageTimes
            {
                QueueUs = Microseconds(classification.Queue),
                TokenizeUs = Microseconds(classification.Tokenize),
                InferUs = Microseconds(classification.Infer),
                TotalUs = Microseconds(classification.Total),
            },
            Shared = classification.Shared,
        };
        for (var i = 0; i < scores.Length; i++)
        {
            response.Scores.Add(new ClassScore { Label = labels[i], Score = (float)scores[i] });
        }

        if (task.ProblemType == ProblemType.MultiLabel)
        {
            response.Labels.Add(labels.Where((_, index) => model.Calibration.Holds(scores[index])));
        }

        if (includeLogits)
        {
            response.Logits.Add(classification.Logits);
        }

        return response;
    }

    private static ulong Microseconds(TimeSpan time) => (ulong)Math.Max(0, time.TotalMicroseconds);
}

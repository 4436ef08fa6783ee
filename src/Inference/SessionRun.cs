using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>One run of a session whose output is <c>logits</c> [texts, labels].</summary>
internal static class SessionRun
{
    private static readonly string[] _outputs = ["logits"];

    /// <summary>Runs, copies the logits out of native memory, and disposes the inputs.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the run ended early.</exception>
    public static float[][] Logits(InferenceSession session, string[] names, OrtValue[] inputs, int texts, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var run = new RunOptions();
            using var stop = cancellationToken.Register(static options => ((RunOptions)options!).Terminate = true, run); // the state given beside it
            using var outputs = session.Run(run, names, inputs, _outputs);
            return Rows(outputs[0].GetTensorDataAsSpan<float>(), texts);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }
    }

    private static float[][] Rows(ReadOnlySpan<float> logits, int texts)
    {
        var labels = logits.Length / texts;
        var rows = new float[texts][];
        for (var text = 0; text < texts; text++)
        {
            rows[text] = logits.Slice(text * labels, labels).ToArray();
        }

        return rows;
    }
}

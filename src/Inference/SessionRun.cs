using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace LoraOnnx.Inference;

/// <summary>One run of a session whose output is <c>logits</c> [texts, labels].</summary>
internal static class SessionRun
{
    private static readonly string[] _outputs = ["logits"];

    /// <summary>Runs, copies the logits out of native memory, and disposes the inputs.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the run ended early.</exception>
    public static float[][] Logits(InferenceSession session, string[] names, OrtValue[] inputs, int texts, CancellationToken cancellationToken,
        OrtLoraAdapter? adapter = null)
    {
        float[][] rows = [];
        Outputs(session, names, inputs, _outputs, outputs => rows = Rows(outputs[0], texts), cancellationToken, adapter);
        return rows;
    }

    /// <summary>The same with outputs of any names, which <paramref name="read"/> copies out of native memory.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the run ended early.</exception>
    public static void Outputs(InferenceSession session, string[] names, OrtValue[] inputs, string[] outputNames,
        Action<IReadOnlyList<OrtValue>> read, CancellationToken cancellationToken, OrtLoraAdapter? adapter = null)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var run = new RunOptions();
            if (adapter is not null)
            {
                run.AddActiveLoraAdapter(adapter);
            }

            using var stop = cancellationToken.Register(static options => ((RunOptions)options!).Terminate = true, run); // the state given beside it
            using var outputs = session.Run(run, names, inputs, outputNames);
            read([.. outputs]);
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

    private static float[][] Rows(OrtValue logits, int texts)
    {
        switch (logits.GetTensorTypeAndShape().ElementDataType)
        {
            case TensorElementType.Float16:
                return Rows(Converted(logits.GetTensorDataAsSpan<Float16>(), half => (float)half), texts);
            case TensorElementType.Double:
                return Rows(Converted(logits.GetTensorDataAsSpan<double>(), number => (float)number), texts);
            default:
                return Rows(logits.GetTensorDataAsSpan<float>(), texts);
        }
    }

    private static float[] Converted<T>(ReadOnlySpan<T> logits, Func<T, float> convert)
    {
        var values = new float[logits.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = convert(logits[i]);
        }

        return values;
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

using System.Buffers;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace LoraOnnx.Inference;

/// <summary>One run of a session. What it allocates are ONNX Runtime's own handles, nothing else.</summary>
internal static class SessionRun
{
    private static readonly string[] _logits = ["logits"];

    /// <summary>Runs, copies the output <c>logits</c> [texts, labels] out of native memory, and disposes the inputs.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the run ended early.</exception>
    public static void Logits(InferenceSession session, string[] names, OrtValue[] inputs, TextLogits logits, ReadOnlySpan<int> places,
        CancellationToken cancellationToken)
    {
        using var outputs = Run(session, names, inputs, _logits, adapter: null, cancellationToken);
        logits.Put(places, outputs[0].GetTensorDataAsSpan<float>());
    }

    /// <summary>The same with a file that may have more rows than texts, and numbers of any kind.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the run ended early.</exception>
    public static void LogitsOfRows(InferenceSession session, string[] names, OrtValue[] inputs, int rows, TextLogits logits,
        ReadOnlySpan<int> places, OrtLoraAdapter? adapter, CancellationToken cancellationToken)
    {
        using var outputs = Run(session, names, inputs, _logits, adapter, cancellationToken);
        var output = outputs[0];
        switch (output.GetTensorTypeAndShape().ElementDataType)
        {
            case TensorElementType.Float16:
                Put(output.GetTensorDataAsSpan<Float16>(), static half => (float)half, rows, logits, places);
                break;
            case TensorElementType.Double:
                Put(output.GetTensorDataAsSpan<double>(), static number => (float)number, rows, logits, places);
                break;
            default:
                Put(output.GetTensorDataAsSpan<float>(), rows, logits, places);
                break;
        }
    }

    /// <summary>Runs with outputs of any names, which <paramref name="read"/> copies out of native memory, and disposes the inputs.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the run ended early.</exception>
    public static void Outputs(InferenceSession session, string[] names, OrtValue[] inputs, string[] outputNames,
        Action<IReadOnlyList<OrtValue>> read, CancellationToken cancellationToken)
    {
        using var outputs = Run(session, names, inputs, outputNames, adapter: null, cancellationToken);
        read([.. outputs]);
    }

    private static IDisposableReadOnlyCollection<OrtValue> Run(InferenceSession session, string[] names, OrtValue[] inputs, string[] outputs,
        OrtLoraAdapter? adapter, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var run = new RunOptions();
            if (adapter is not null)
            {
                run.AddActiveLoraAdapter(adapter);
            }

            using var stop = cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, run); // given beside it
            return session.Run(run, names, inputs, outputs);
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

    private static void Put<T>(ReadOnlySpan<T> numbers, Func<T, float> convert, int rows, TextLogits logits, ReadOnlySpan<int> places)
    {
        var values = ArrayPool<float>.Shared.Rent(numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
        {
            values[i] = convert(numbers[i]);
        }

        Put(values.AsSpan(0, numbers.Length), rows, logits, places);
        ArrayPool<float>.Shared.Return(values);
    }

    private static void Put(ReadOnlySpan<float> numbers, int rows, TextLogits logits, ReadOnlySpan<int> places) =>
        logits.Put(places, numbers[..(numbers.Length / rows * places.Length)]);
}

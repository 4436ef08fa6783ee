using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// The functions of ONNX Runtime's C API that custom operators need and its managed library does not have. A function is known by its place in the
/// table, which
/// never changes: onnxruntime_c_api.h promises that entries are only added at the end.
/// </summary>
internal static unsafe partial class RuntimeApi
{
    /// <summary>The first version whose table has all of these.</summary>
    private const uint Version = 17;

    private const int CreateStatusPlace = 0;
    private const int GetErrorMessagePlace = 2;
    private const int CreateCustomOpDomainPlace = 26;
    private const int CustomOpDomainAddPlace = 27;
    private const int AddCustomOpDomainPlace = 28;
    private const int GetTensorMutableDataPlace = 51;
    private const int GetDimensionsCountPlace = 61;
    private const int GetDimensionsPlace = 62;
    private const int GetTensorTypeAndShapePlace = 65;
    private const int ContextInputPlace = 90;
    private const int ContextOutputPlace = 91;
    private const int ReleaseStatusPlace = 93;
    private const int ReleaseShapePlace = 99;
    private const int ReleaseDomainPlace = 101;
    private const int ParallelForPlace = 274;

    private static readonly nint* _table = Table();

    /// <summary>A domain of operators. The caller releases it after the sessions that know it.</summary>
    public static nint CreateDomain(byte* name)
    {
        nint domain;
        Check(((delegate* unmanaged<byte*, nint*, nint>)_table[CreateCustomOpDomainPlace])(name, &domain));
        return domain;
    }

    /// <summary>Adds an operator, which must stay where it is as long as the domain lives.</summary>
    public static void AddOperator(nint domain, CustomOperator* custom) =>
        Check(((delegate* unmanaged<nint, CustomOperator*, nint>)_table[CustomOpDomainAddPlace])(domain, custom));

    /// <summary>Makes a domain known to the sessions of these settings.</summary>
    public static void AddDomain(SessionOptions settings, nint domain)
    {
        Check(((delegate* unmanaged<nint, nint, nint>)_table[AddCustomOpDomainPlace])(settings.DangerousGetHandle(), domain));
        GC.KeepAlive(settings);
    }

    public static void ReleaseDomain(nint domain) => ((delegate* unmanaged<nint, void>)_table[ReleaseDomainPlace])(domain);

    /// <summary>An input of the call; it belongs to the runtime.</summary>
    public static nint Input(nint context, int index)
    {
        nint value;
        Check(((delegate* unmanaged<nint, nuint, nint*, nint>)_table[ContextInputPlace])(context, (nuint)index, &value));
        return value;
    }

    /// <summary>An output of the call in the shape that it will have.</summary>
    public static nint Output(nint context, int index, ReadOnlySpan<long> shape)
    {
        nint value;
        fixed (long* lengths = shape)
        {
            Check(((delegate* unmanaged<nint, nuint, long*, nuint, nint*, nint>)_table[ContextOutputPlace])(
                context, (nuint)index, lengths, (nuint)shape.Length, &value));
        }

        return value;
    }

    /// <summary>Where the numbers of a tensor are.</summary>
    public static void* Numbers(nint value)
    {
        void* numbers;
        Check(((delegate* unmanaged<nint, void**, nint>)_table[GetTensorMutableDataPlace])(value, &numbers));
        return numbers;
    }

    /// <summary>The number of axes, and their lengths, of which there may be as many as <paramref name="lengths"/> has room for.</summary>
    public static int Shape(nint value, Span<long> lengths)
    {
        nint shape;
        Check(((delegate* unmanaged<nint, nint*, nint>)_table[GetTensorTypeAndShapePlace])(value, &shape));
        try
        {
            nuint axes;
            Check(((delegate* unmanaged<nint, nuint*, nint>)_table[GetDimensionsCountPlace])(shape, &axes));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(axes, (nuint)lengths.Length, nameof(value));
            fixed (long* to = lengths)
            {
                Check(((delegate* unmanaged<nint, long*, nuint, nint>)_table[GetDimensionsPlace])(shape, to, axes));
            }

            return (int)axes;
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)_table[ReleaseShapePlace])(shape);
        }
    }

    /// <summary>
    /// Calls <paramref name="work"/> with 0 to <paramref name="count"/> - 1 on the session's threads, and returns when all are done.
    /// </summary>
    public static void ParallelFor(nint context, delegate* unmanaged<void*, nuint, void> work, int count, void* state) =>
        Check(((delegate* unmanaged<nint, delegate* unmanaged<void*, nuint, void>, nuint, nuint, void*, nint>)_table[ParallelForPlace])(
            context, work, (nuint)count, 0, state));

    /// <summary>A failure, for the runtime to report.</summary>
    public static nint Failure(string message)
    {
        const int Fail = 1; // ORT_FAIL
        var text = Marshal.StringToCoTaskMemUTF8(message);
        var status = ((delegate* unmanaged<int, nint, nint>)_table[CreateStatusPlace])(Fail, text); // copies the text
        Marshal.FreeCoTaskMem(text);
        return status;
    }

    private static void Check(nint status)
    {
        if (status != 0)
        {
            var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)_table[GetErrorMessagePlace])(status));
            ((delegate* unmanaged<nint, void>)_table[ReleaseStatusPlace])(status);
            throw new InvalidOperationException($"ONNX Runtime: {message}");
        }
    }

    private static nint* Table()
    {
        var table = (nint*)((delegate* unmanaged<uint, nint>)Base()[0])(Version);
        return table is not null ? table : throw new InvalidOperationException($"ONNX Runtime has no C API of version {Version}.");
    }

    [LibraryImport("onnxruntime", EntryPoint = "OrtGetApiBase")]
    private static partial nint* Base();
}

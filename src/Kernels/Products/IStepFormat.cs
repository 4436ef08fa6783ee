using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>How the four bytes of a step hold floats; a type each, so that a loop is compiled for each.</summary>
internal unsafe interface IStepFormat
{
    /// <summary>Numbers in a step.</summary>
    static abstract int Numbers { get; }

    /// <summary>Writes sixteen numbers from number <paramref name="at"/> of a row on.</summary>
    static abstract void Store(Vector512<float> values, byte* row, int at);

    /// <summary>Writes one.</summary>
    static abstract void Store(float value, byte* row, int at);

    /// <summary>Sixteen columns of a step of a panel, which holds a number of each of these rows; 0 for one that is not there (null).</summary>
    static abstract Vector512<uint> Columns(float* first, float* second);
}

/// <summary>One fp32.</summary>
internal readonly unsafe struct Fp32Steps : IStepFormat
{
    /// <inheritdoc/>
    public static int Numbers => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, byte* row, int at) => values.Store((float*)row + at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, byte* row, int at) => ((float*)row)[at] = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Columns(float* first, float* second) => Vector512.Load((uint*)first);
}

/// <summary>Two bf16, to the nearest, ties to even.</summary>
internal readonly unsafe struct Bf16Steps : IStepFormat
{
    /// <inheritdoc/>
    public static int Numbers => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, byte* row, int at) => Bf16.Narrow(values).Store((ushort*)row + at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, byte* row, int at) => ((ushort*)row)[at] = Bf16.Of(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Columns(float* first, float* second)
    {
        var low = Vector512.WidenLower(Bf16.Narrow(Vector512.Load(first)).ToVector512());
        return second is null ? low : low | (Vector512.WidenLower(Bf16.Narrow(Vector512.Load(second)).ToVector512()) << 16);
    }
}

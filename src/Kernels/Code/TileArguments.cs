using System.Runtime.InteropServices;

namespace LoraOnnx.Kernels.Code;

/// <summary>What an emitted tile reads; its only argument points here.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    public byte* Rows;
    public nint RowBytes;
    public byte* Panel;
    public int* Sums;
    public nint Steps;
    public nint Tiles;
}

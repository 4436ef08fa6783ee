using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class TileTests
{
    /// <summary>What <c>vpdpbusd</c> does, for processors without it.</summary>
    private readonly struct Spelt : IDot256
    {
        public static Vector256<int> Add(Vector256<int> sums, Vector256<byte> activations, Vector256<sbyte> weights)
        {
            var result = new int[8];
            for (var i = 0; i < 32; i++)
            {
                result[i / 4] += activations[i] * weights[i];
            }

            return sums + Vector256.Create(result);
        }
    }

    public static TheoryData<string> Int8Tiles => ["AVX512-VNNI", "AVX-VNNI", "AVX-VNNI's tile, its instruction spelt"];

    [Theory]
    [MemberData(nameof(Int8Tiles))]
    public void Sums_of_bytes_are_exact_for_any_rows_and_steps(string name)
    {
        var tile = Int8Tile(name);
        var draw = new Draw(3);
        for (var round = 0; round < 40; round++)
        {
            var (rows, steps, columns) = (draw.Between(1, 14), draw.Between(1, 11), draw.Between(1, Panels.Columns));
            using var activations = new GuardedMemory(rows * steps * 4);
            using var panel = new GuardedMemory(steps * Panels.BytesOfStep);
            using var sums = new GuardedMemory(rows * Panels.Columns * sizeof(int));
            Fill(draw, activations.Address, rows * steps * 4);
            Fill(draw, panel.Address, steps * Panels.BytesOfStep);

            tile.Multiply((byte*)activations.Address, steps * 4, rows, (byte*)panel.Address, steps, columns,
                (int*)sums.Address);

            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < columns; column++)
                {
                    var expected = 0;
                    for (var k = 0; k < steps * 4; k++)
                    {
                        var weight = ((sbyte*)panel.Address)[(k / 4 * Panels.BytesOfStep) + (column * 4) + (k % 4)];
                        expected += ((byte*)activations.Address)[(row * steps * 4) + k] * weight;
                    }

                    Assert.Equal(expected, ((int*)sums.Address)[(row * Panels.Columns) + column]);
                }
            }
        }
    }

    [Fact]
    public void Emitted_code_is_executable_and_not_writable()
    {
        var (address, refusal) = ExecutableMemory.Place([0xc3]);
        Requirement.ProcessorHas(refusal is null, refusal);

        var line = File.ReadLines("/proc/self/maps").Single(line => Covers(line, address));

        Assert.Contains(" r-xp ", line, StringComparison.Ordinal);
    }

    private static bool Covers(string line, nint address)
    {
        var ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
        return Convert.ToInt64(ends[0], 16) <= address && address < Convert.ToInt64(ends[1], 16);
    }

    private static void Fill(Draw draw, nint address, int bytes)
    {
        for (var i = 0; i < bytes; i++)
        {
            ((byte*)address)[i] = (byte)draw.Between(0, 255);
        }
    }

    private static IProductTile Int8Tile(string name)
    {
        var (tile, refusal) = name switch
        {
            "AVX512-VNNI" => Int8Avx512.Find(),
            "AVX-VNNI" => Int8AvxVnni.Find(),
            _ => (new Tile256<Spelt>(), null),
        };
        Requirement.ProcessorHas(tile is not null, refusal);
        return tile;
    }
}

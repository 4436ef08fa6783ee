using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace LoraOnnx.Kernels.Code;

/// <summary>
/// Code of a register tile: up to 6 rows by 4 vectors of 512 bits, so up to 24 sums that never leave their registers; a step of k is four loads of
/// weights and
/// one broadcast a row. Calls follow System V: one argument in rdi, a pointer to <see cref="TileArguments"/>.
/// </summary>
internal static class TileCode
{
    /// <summary>Rows of a full tile.</summary>
    public const int Rows = 6;

    /// <summary>Vectors of a full tile.</summary>
    public const int Vectors = 4;

    private const int VectorBytes = 64;
    private const int PanelStep = Vectors * VectorBytes;
    private const int RowStep = 4;
    private const int Unrolled = 4;

    /// <summary>sums += activations · weights, on 512 bits; each instruction set has its own.</summary>
    public delegate void Dot(Assembler code, AssemblerRegisterZMM sums, AssemblerRegisterZMM activations, AssemblerRegisterZMM weights);

    private static readonly AssemblerRegisterZMM[] _sums =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11,
        zmm12, zmm13, zmm14, zmm15, zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23,
    ];

    private static readonly AssemblerRegisterZMM[] _weights = [zmm24, zmm25, zmm26, zmm27];
    private static readonly AssemblerRegisterZMM[] _activations = [zmm28, zmm29, zmm30, zmm31];

    /// <summary>The code for tiles of <paramref name="rows"/> rows by so many vectors, one below the other.</summary>
    public static byte[] Emit(int rows, int vectors, Dot dot)
    {
        var code = new Assembler(64);
        Label nextTile = code.CreateLabel(), fourSteps = code.CreateLabel(), oneStep = code.CreateLabel();
        Label noneOfFour = code.CreateLabel(), write = code.CreateLabel();

        code.push(rbx);
        code.mov(rax, __[rdi]); // rows of the tile
        code.mov(rcx, __[rdi + 8]); // bytes from row to row
        code.mov(rdx, __[rdi + 16]); // panel
        code.mov(r8, __[rdi + 24]); // sums
        code.mov(r9, __[rdi + 32]); // steps
        code.mov(r11, __[rdi + 40]); // tiles
        code.Label(ref nextTile);
        foreach (var sum in _sums[..(rows * vectors)])
        {
            code.vpxord(sum, sum, sum);
        }

        code.mov(rsi, rax); // rows 0, 1, 2
        code.lea(rbx, __[rcx + rcx * 2]);
        code.add(rbx, rax); // rows 3, 4, 5
        code.mov(rdi, rdx);
        code.mov(r10, r9);
        code.sub(r10, Unrolled);
        code.jl(noneOfFour);
        code.Label(ref fourSteps);
        Steps(code, rows, vectors, Unrolled, dot);
        code.sub(r10, Unrolled);
        code.jge(fourSteps);
        code.Label(ref noneOfFour);
        code.add(r10, Unrolled);
        code.jle(write);
        code.Label(ref oneStep);
        Steps(code, rows, vectors, 1, dot);
        code.sub(r10, 1);
        code.jg(oneStep);

        code.Label(ref write);
        for (var sum = 0; sum < rows * vectors; sum++)
        {
            code.vmovups(__[r8 + ((sum / vectors * PanelStep) + (sum % vectors * VectorBytes))], _sums[sum]);
        }

        code.add(r8, rows * PanelStep);
        code.imul(rsi, rcx, rows);
        code.add(rax, rsi);
        code.sub(r11, 1);
        code.jg(nextTile);
        code.vzeroupper();
        code.pop(rbx);
        code.ret();

        using var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), 0); // nothing in it depends on its address
        return bytes.ToArray();
    }

    private static void Steps(Assembler code, int rows, int vectors, int steps, Dot dot)
    {
        for (var step = 0; step < steps; step++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vmovups(_weights[vector], __[rdi + ((step * PanelStep) + (vector * VectorBytes))]);
            }

            for (var row = 0; row < rows; row++)
            {
                var activations = _activations[row % _activations.Length];
                code.vpbroadcastd(activations, Row(row, step * RowStep));
                for (var vector = 0; vector < vectors; vector++)
                {
                    dot(code, _sums[(row * vectors) + vector], activations, _weights[vector]);
                }
            }
        }

        code.add(rsi, steps * RowStep);
        code.add(rbx, steps * RowStep);
        code.add(rdi, steps * PanelStep);
    }

    private static AssemblerMemoryOperand Row(int row, int offset)
    {
        var first = row < 3 ? rsi : rbx;
        return (row % 3) switch
        {
            0 => __dword_ptr[first + offset],
            1 => __dword_ptr[first + rcx + offset],
            _ => __dword_ptr[first + rcx * 2 + offset],
        };
    }
}

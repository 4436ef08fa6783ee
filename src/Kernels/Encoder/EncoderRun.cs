using System.Runtime.CompilerServices;
using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>
/// One run of a <see cref="PackedEncoder"/>: its space and its stages. Many rows are cut into blocks, and what follows attention is done block by
/// block, while its rows are in the cache; of few rows threads share the weights instead, panel by panel, so that each weight is read once.
/// </summary>
internal sealed unsafe class EncoderRun
{
    /// <summary>With fewer rows for each thread, threads share weights.</summary>
    private const int FewRows = 24;

    private readonly IReadOnlyList<PackedBlock> _layers;
    private readonly PackedAttention _attention;
    private readonly Stages _stages = new();
    private readonly ScratchPool _blocks;
    private readonly int _widestRounded;
    private readonly int _widestProjections;
    private readonly int _widestUp;
    private readonly int _width;

    private AlignedBuffer _memory = new(0);
    private int[] _firsts = [];
    private int _threads;
    private int _tokens;
    private IReadOnlyList<BlockChanges>? _changes;
    private AttentionRows _texts;
    private float* _x;
    private float* _result;
    private float* _projections; // queries, keys and values
    private float* _context;
    private float* _queries; // of first tokens
    private float* _asked; // the first tokens' rows
    private float* _rows; // what each block gives: over its input, whose rows nobody reads any more
    private byte* _rounded; // of few rows
    private float* _factors;
    private float* _attended;
    private float* _active;

    public EncoderRun(IReadOnlyList<PackedBlock> layers, PackedAttention attention)
    {
        (_layers, _attention, _width) = (layers, attention, attention.Width);
        _widestRounded = layers.Max(layer => layer.Linears.Max(linear => linear.RoundedBytes));
        _widestProjections = layers.Max(layer => Math.Max(layer.Queries.Outputs, layer.KeysValues?.Outputs ?? 0));
        _widestUp = layers.Max(layer => layer.Up.Outputs);
        _blocks = new ScratchPool(Scratch.Bytes(BlockSpace.Bytes(_widestRounded) + ((long)RowBlocks.Largest * (_width + _widestUp) * sizeof(float))));
        for (var layer = 0; layer < layers.Count; layer++)
        {
            AddStages(layer);
        }
    }

    private bool IsSplit(int rows) => _changes is null && rows <= FewRows * _threads;

    public void Run(float* x, int* lengths, int texts, float* result, IWorkers workers, IReadOnlyList<BlockChanges>? changes)
    {
        (_threads, _changes) = (workers.Threads, changes);
        _x = x;
        _result = result;
        _texts = new AttentionRows { Lengths = lengths, Texts = texts };
        _tokens = _attention.Place(_texts, ref _firsts);
        TakeSpace();
        _stages.Run(workers);
    }

    private void AddStages(int layer)
    {
        var parts = _layers[layer];
        if (parts.KeysValues is { } keysValues)
        {
            _stages.Add(() => 1, _ => TakeFirstTokens(layer));
            AddLinear(parts.Queries, () => _asked, Texts, () => _queries, () => _changes?[layer].Queries);
            AddLinear(keysValues, () => Input(layer), Tokens, () => _projections, () => _changes?[layer].KeysValues);
        }
        else
        {
            AddLinear(parts.Queries, () => Input(layer), Tokens, () => _projections, () => _changes?[layer].Queries);
        }

        _stages.Add(() => _attention.Items(_texts), item => _attention.Run(Projections(parts), _firsts, item));
        AddRest(layer, parts);
    }

    private int Tokens() => _tokens;

    private int Texts() => _texts.Texts;

    /// <summary>A block's input.</summary>
    private float* Input(int layer) => layer == 0 ? _x : _rows;

    private float* Output(int layer) => layer == _layers.Count - 1 ? _result : _rows;

    private AttentionRows Projections(PackedBlock parts)
    {
        var rows = _texts;
        rows.OneQueryEach = parts.KeysValues is not null;
        rows.Queries = rows.OneQueryEach ? _queries : _projections;
        rows.QueryStride = parts.Queries.Outputs;
        rows.Keys = rows.OneQueryEach ? _projections : _projections + _width;
        rows.Values = rows.Keys + _width;
        rows.KeyStride = parts.KeysValues?.Outputs ?? parts.Queries.Outputs;
        rows.Result = _context;
        return rows;
    }

    private void TakeFirstTokens(int layer)
    {
        for (var text = 0; text < _texts.Texts; text++)
        {
            Copy(Input(layer) + ((nint)_firsts[text] * _width), _asked + ((nint)text * _width));
        }
    }

    /// <summary>A linear: of few rows one stage that rounds them and one over panels, else one over blocks of rows.</summary>
    private void AddLinear(PackedLinear linear, Address from, Func<int> rows, Address to, Func<RowChange?> change)
    {
        AddPanels(linear, from, rows, to);
        AddBlocks(rows, ofFew: false, (first, count) =>
        {
            var buffer = _blocks.Rent();
            var scratch = new Scratch(buffer);
            var space = new BlockSpace(ref scratch, _widestRounded);
            var result = ResultRows.All(to(), rows(), linear.Outputs).From(first);
            linear.Block(from() + ((nint)first * linear.Inputs), linear.Inputs, first, count, result, space, change());
            _blocks.Return(buffer);
        });
    }

    private void AddPanels(PackedLinear linear, Address from, Func<int> rows, Address to)
    {
        if (linear.RoundedBytes > 0)
        {
            AddBlocks(rows, ofFew: true, (first, count) => linear.Round(from(), linear.Inputs, first, count, _rounded, _factors));
        }

        _stages.Add(() => IsSplit(rows()) ? linear.PanelCount * RowBlocks.Of(rows(), 1).Count : 0, item =>
        {
            var (block, panel) = Math.DivRem(item, linear.PanelCount);
            var (first, count) = RowBlocks.Of(rows(), 1)[block];
            Panel(linear, linear.Rounded(from(), linear.Inputs, first, count, _rounded, _factors), panel, to() + ((nint)first * linear.Outputs));
        });
    }

    [SkipLocalsInit]
    private static void Panel(PackedLinear linear, in ProductRows rows, int panel, float* to)
    {
        var sums = stackalloc int[RowBlocks.Largest * Panels.Columns];
        linear.Panel(rows, panel, sums, to);
    }

    /// <summary>What follows attention.</summary>
    private void AddRest(int layer, PackedBlock parts)
    {
        Func<int> rows = parts.KeysValues is null ? Tokens : Texts;
        Address residual = parts.KeysValues is null ? () => Input(layer) : () => _asked;
        AddPanels(parts.Output, () => _context, rows, () => _attended);
        AddRows(rows, row => parts.AttentionNorm.Apply(_attended + (row * _width), residual() + (row * _width)));
        AddPanels(parts.Up, () => _attended, rows, () => _active);
        AddPanels(parts.Down, () => _active, rows, () => Output(layer));
        AddRows(rows, row => parts.OutputNorm.Apply(Output(layer) + (row * _width), _attended + (row * _width)));
        AddBlocks(rows, ofFew: false, (first, count) =>
        {
            nint place = (nint)first * _width;
            RestOfBlock(parts, _context + place, residual() + place, first, count, Output(layer) + place, _changes?[layer]);
        });
    }

    private void AddRows(Func<int> rows, RowAction each) =>
        AddBlocks(rows, ofFew: true, (first, count) =>
        {
            for (nint row = first; row < first + count; row++)
            {
                each(row);
            }
        });

    /// <summary>A stage over blocks of rows, in runs of few rows or in all others: in those it has nothing to do.</summary>
    private void AddBlocks(Func<int> rows, bool ofFew, Action<int, int> block) =>
        _stages.Add(() => IsSplit(rows()) == ofFew ? RowBlocks.Of(rows(), _threads).Count : 0, item =>
        {
            var (first, count) = RowBlocks.Of(rows(), _threads)[item];
            block(first, count);
        });

    private void RestOfBlock(PackedBlock parts, float* context, float* x, int first, int count, float* result, BlockChanges? changes)
    {
        var buffer = _blocks.Rent();
        var scratch = new Scratch(buffer);
        var space = new BlockSpace(ref scratch, _widestRounded);
        var attended = scratch.Take<float>((long)count * _width);
        var active = scratch.Take<float>((long)count * parts.Up.Outputs);

        parts.Output.Block(context, _width, first, count, ResultRows.Near(attended, _width), space, changes?.Output);
        Norm(parts.AttentionNorm, attended, x, changes?.AttentionNorm);
        parts.Up.Block(attended, _width, first, count, ResultRows.Near(active, parts.Up.Outputs), space, changes?.Up);
        parts.Down.Block(active, parts.Up.Outputs, first, count, ResultRows.Near(result, _width), space, changes?.Down);
        Norm(parts.OutputNorm, result, attended, changes?.OutputNorm);
        _blocks.Return(buffer);

        void Norm(Steps.LayerNorm norm, float* rows, float* residual, RowChange? change)
        {
            for (nint row = 0; row < count; row++)
            {
                norm.Apply(rows + (row * _width), residual + (row * _width));
            }

            change?.Invoke(first, count, rows, _width, rows, _width);
        }
    }

    private void Copy(float* from, float* to) => new ReadOnlySpan<float>(from, _width).CopyTo(new Span<float>(to, _width));

    private void TakeSpace()
    {
        long few = Math.Min(_tokens, FewRows * _threads), tokens = _tokens, texts = _texts.Texts;
        var numbers = (tokens * (_widestProjections + (2 * _width))) + (texts * 2 * _width) + (few * (_width + _widestUp + 1));
        var bytes = Scratch.Bytes((numbers * sizeof(float)) + (few * _widestRounded));
        if (_memory.Length < bytes)
        {
            _memory = new AlignedBuffer(bytes);
        }

        var scratch = new Scratch(_memory);
        _projections = scratch.Take<float>(tokens * _widestProjections);
        _context = scratch.Take<float>(tokens * _width);
        _rows = scratch.Take<float>(tokens * _width);
        _queries = scratch.Take<float>(texts * _width);
        _asked = scratch.Take<float>(texts * _width);
        _attended = scratch.Take<float>(few * _width);
        _active = scratch.Take<float>(few * _widestUp);
        _factors = scratch.Take<float>(few);
        _rounded = scratch.Take<byte>(few * _widestRounded);
    }

    private delegate float* Address();

    private delegate void RowAction(nint row);
}

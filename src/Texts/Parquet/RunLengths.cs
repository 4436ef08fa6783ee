using System.Numerics;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Small whole numbers, of which some are written as runs of one number and some packed bit after bit: levels, places in a dictionary, truth
/// values.</summary>
internal sealed class RunLengths(ArraySegment<byte> data, int bits)
{
    private int _at; // the next run
    private ulong _run;
    private int _value;
    private ulong _packed; // numbers left in the packed run
    private long _bit; // the next of them

    /// <summary>Numbers from 0 to a greatest one.</summary>
    public static RunLengths UpTo(int most, ArraySegment<byte> data) => new(data, BitOperations.Log2((uint)most) + 1);

    /// <exception cref="FormatException">There are no more.</exception>
    public int Next()
    {
        while (_run == 0 && _packed == 0)
        {
            ReadRun();
        }

        if (_run > 0)
        {
            _run--;
            return _value;
        }

        _packed--;
        var value = PackedBits.Read(data, _bit, bits);
        _bit += bits;
        return (int)value;
    }

    private void ReadRun()
    {
        var header = PackedBits.Unsigned(data, ref _at);
        if ((header & 1) == 1)
        {
            var groups = Math.Min(header >> 1, (ulong)data.Count + 1); // more would lie behind the end; there, reading fails
            _packed = 8 * groups;
            _bit = 8L * _at;
            _at = (int)Math.Min(data.Count, _at + ((long)groups * bits)); // the last group may be cut short
        }
        else
        {
            var bytes = (bits + 7) / 8;
            _value = (int)PackedBits.Read(data, 8L * _at, 8 * bytes);
            _at += bytes;
            _run = header >> 1;
        }
    }
}

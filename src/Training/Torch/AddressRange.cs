using System.Diagnostics;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// Hands out blocks of one range of addresses, each at the lowest address where it fits, and joins what is given back. When all blocks are given
/// back, the range is one piece again, so a repeated pattern of blocks never needs more than the first time. Any number of threads.
/// </summary>
internal sealed class AddressRange
{
    /// <summary>Blocks begin at multiples of this: a cache line, which is also libtorch's alignment.</summary>
    private const nint Alignment = 64;

    private readonly Lock _lock = new();
    private readonly List<(nint Start, nint Length)> _free; // by address, no two adjacent
    private readonly Dictionary<nint, nint> _lengths = [];

    /// <summary>Nothing of the range is in use.</summary>
    public AddressRange(nint start, nint length)
    {
        (Start, Length) = (start, length);
        _free = [(start, length)];
    }

    /// <summary>The lowest address.</summary>
    public nint Start { get; }

    /// <summary>Bytes in the range.</summary>
    public nint Length { get; }

    /// <summary>Bytes from the start to the end of the highest block there ever was: what may be resident.</summary>
    public nint Peak { get; private set; }

    /// <summary>True when the address lies in the range.</summary>
    public bool Contains(nint address) => address >= Start && address - Start < Length;

    /// <summary>The address of so many bytes, or 0 when no gap is as long.</summary>
    public nint Take(nint bytes)
    {
        var length = (bytes + Alignment - 1) / Alignment * Alignment;
        lock (_lock)
        {
            for (var place = 0; place < _free.Count; place++)
            {
                var (start, free) = _free[place];
                if (free < length)
                {
                    continue;
                }

                if (free == length)
                {
                    _free.RemoveAt(place);
                }
                else
                {
                    _free[place] = (start + length, free - length);
                }

                Peak = nint.Max(Peak, start + length - Start);
                _lengths.Add(start, length);
                return start;
            }
        }

        return 0;
    }

    /// <summary>Gives a block back.</summary>
    /// <exception cref="UnreachableException">No block in use begins there: it was given back before.</exception>
    public void Return(nint address)
    {
        lock (_lock)
        {
            if (!_lengths.Remove(address, out var length))
            {
                throw new UnreachableException($"The memory of a tensor at {address:x} was given back twice. This is a bug.");
            }

            var place = _free.BinarySearch((address, 0));
            place = ~place; // no free block starts where one in use did
            if (place < _free.Count && _free[place].Start == address + length)
            {
                length += _free[place].Length;
                _free.RemoveAt(place);
            }

            if (place > 0 && _free[place - 1].Start + _free[place - 1].Length == address)
            {
                _free[place - 1] = (_free[place - 1].Start, _free[place - 1].Length + length);
            }
            else
            {
                _free.Insert(place, (address, length));
            }
        }
    }
}

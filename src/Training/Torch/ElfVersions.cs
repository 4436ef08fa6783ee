using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace LoraOnnx.Training.Torch;

/// <summary>The versions that a 64-bit little-endian ELF library asks of others (section .gnu.version_r).</summary>
internal static class ElfVersions
{
    private const uint VersionNeedsSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort WeakFlag = 0x2; // VER_FLG_WEAK: the loader warns about nothing and binds what there is

    /// <summary>A copy of the library in which a version is wanted but not required.</summary>
    /// <exception cref="InvalidDataException">Not such a library, or it does not ask for the version.</exception>
    public static byte[] MakeWeak(ReadOnlySpan<byte> library, string version)
    {
        var patched = library.ToArray();
        try
        {
            if (!library.StartsWith((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            {
                throw new InvalidDataException("Not a 64-bit little-endian ELF file.");
            }

            BinaryPrimitives.WriteUInt16LittleEndian(patched.AsSpan(FindEntry(library, Encoding.ASCII.GetBytes(version)) + 4), WeakFlag);
            return patched;
        }
        catch (Exception failure) when (failure is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The ELF file is cut short or malformed.", failure);
        }
    }

    /// <summary>Offset of the vernaux entry {hash u32, flags u16, other u16, name u32, next u32} of a version.</summary>
    private static int FindEntry(ReadOnlySpan<byte> library, ReadOnlySpan<byte> version)
    {
        var sections = checked((int)MemoryMarshal.Read<ulong>(library[0x28..]));
        int SectionField(ReadOnlySpan<byte> file, int section, int field) =>
            checked((int)MemoryMarshal.Read<ulong>(file[(sections + (64 * section) + field)..]));
        var count = MemoryMarshal.Read<ushort>(library[0x3c..]);
        for (var section = 0; section < count; section++)
        {
            if (MemoryMarshal.Read<uint>(library[(sections + (64 * section) + 4)..]) != VersionNeedsSection)
            {
                continue;
            }

            var names = SectionField(library, MemoryMarshal.Read<int>(library[(sections + (64 * section) + 40)..]), 24);
            var libraryEntry = SectionField(library, section, 24);
            for (int nextLibrary; ; libraryEntry += nextLibrary)
            {
                // verneed: {version u16, count u16, file u32, first vernaux u32, next verneed u32}
                var entry = libraryEntry + MemoryMarshal.Read<int>(library[(libraryEntry + 8)..]);
                for (int next; ; entry += next)
                {
                    var name = library[(names + MemoryMarshal.Read<int>(library[(entry + 8)..]))..];
                    if (name.StartsWith(version) && name[version.Length] == 0)
                    {
                        return entry;
                    }

                    next = MemoryMarshal.Read<int>(library[(entry + 12)..]);
                    if (next == 0)
                    {
                        break;
                    }
                }

                nextLibrary = MemoryMarshal.Read<int>(library[(libraryEntry + 12)..]);
                if (nextLibrary == 0)
                {
                    break;
                }
            }
        }

        throw new InvalidDataException($"The library does not ask for {Encoding.ASCII.GetString(version)}.");
    }
}

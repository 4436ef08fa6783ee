using System.Buffers.Binary;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tests.Safetensors;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>Safetensors files from strangers: the header, its length, and the data behind it.</summary>
public sealed class SafetensorsFuzzTests
{
    private static readonly byte[][] _seeds =
    [
        SafetensorsBytes.Of(
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F16","shape":"""
                + """[4],"data_offsets":[24,32]}}  """, 32),
        SafetensorsBytes.Of(
            """{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"y":{"dtype":"F64","shape":[],"data_offsets":[4,12]},"z":"""
                + """{"dtype":"F32","shape":[0,9],"data_offsets":[12,12]}}""", 12),
        SafetensorsBytes.Of("{}", 0),
        SafetensorsBytes.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12),
        SafetensorsBytes.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16),
    ];

    private static readonly string[] _words =
    [
        "0", "1", "2", "4", "8", "-8", "1.5", "2147483647", "9223372036854775807", "\"I64\"", "\"F16\"", "\"BOOL\"", "\"F31\"", "null", "[]", "{}",
        "[2]", "[0,8]", "\"\\ud800\"", "\"a\"",
        "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", "[2147483647,2147483647,2147483647]", ",\"__metadata__\":[]",
        ",\"__metadata__\":{\"n\":1}", ",\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", " ",
    ];

    [Fact]
    public void Every_input_gives_tensors_or_an_error_of_ours() =>
        new FuzzRun(new Mutator(_seeds, _words),
            "a safetensors file starts with an 8-byte header length", "says its header has", "header is not valid JSON", "it is not UTF-8",
            "header is not a JSON object", "twice", "__metadata__ is not an object of strings", "is not a string.",
            "lacks dtype, shape or two data_offsets", "expected one of F32", "has an axis of length", "but lies from", "has a hole", "overlaps",
            "its header describes", "expected F32, F16 or BF16",
            "numbers are not finite")
            .Check(Read);

    private static void Read(byte[] input)
    {
        // A change of the header mostly leaves it with a wrong length; half of them get the right one, so that what lies behind is read too.
        if (input.Length > 8 && input[^1] % 2 == 0 && input.AsSpan(8).LastIndexOf((byte)'}') is >= 0 and var end)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(input, (ulong)end + 1);
        }

        using var file = SafetensorsFile.Open("model.safetensors", new MemoryStream(input));
        foreach (var name in file.Names)
        {
            file.Read(name);
        }
    }
}

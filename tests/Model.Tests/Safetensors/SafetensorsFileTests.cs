using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Safetensors;

/// <summary>One test for each way in which a file can lie about itself.</summary>
public sealed class SafetensorsFileTests
{
    private const string TwoFloats = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [Fact]
    public void Reads_what_the_header_describes()
    {
        using var file =
            Open("""{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":"""
                + """[2],"data_offsets":[0,8]}}""", 12);

        Assert.Equal(["b", "a"], file.Names);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal((TensorType.F16, 2), (file.TypeOf("b"), file.ShapeOf("b").Count));
        Assert.Equal(2, file.Read("a").Values.Length);
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_tensors()
    {
        using var file = Open("""{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}""", 4);

        Assert.Single(file.Read("s").Values);
        Assert.Empty(file.Read("e").Values);
    }

    [Fact]
    public void Doubles_are_rounded_and_integers_refused()
    {
        var bytes = SafetensorsBytes.Of(
            """{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"i":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}""", 16);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 16), 1.0 / 3);
        using var file = SafetensorsFile.Open("x.safetensors", new MemoryStream(bytes));

        Assert.Equal(1f / 3, file.Read("d").Values[0]);
        Assert.Contains("tensor 'i' is I64, expected F32, F16 or BF16", Assert.Throws<InputException>(() => file.Read("i")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_finite_half_and_bfloat16_is_widened_exactly()
    {
        var all = Enumerable.Range(0, 1 << 16).Select(value => (ushort)value);
        var halves = all.Select(bits => Half.IsFinite(BitConverter.UInt16BitsToHalf(bits)) ? bits : (ushort)0).ToArray();
        var brains = all.Select(bits => float.IsFinite(BitConverter.Int32BitsToSingle(bits << 16)) ? bits : (ushort)0).ToArray();
        var bytes = SafetensorsBytes.Of(
            """{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},"b":{"dtype":"BF16","shape":[65536],"data_offsets":[131072,262144]}}""",
            1 << 18);
        Buffer.BlockCopy(halves, 0, bytes, bytes.Length - (1 << 18), 1 << 17);
        Buffer.BlockCopy(brains, 0, bytes, bytes.Length - (1 << 17), 1 << 17);
        using var file = SafetensorsFile.Open("x.safetensors", new MemoryStream(bytes));

        Assert.Equal(halves.Select(value => (float)BitConverter.UInt16BitsToHalf(value)), file.Read("h").Values);
        Assert.Equal(brains.Select(value => BitConverter.Int32BitsToSingle(value << 16)), file.Read("b").Values);
    }

    [Theory]
    [InlineData("F32", 0x7FC00000)]
    [InlineData("F32", 0x7F800000)]
    [InlineData("BF16", 0xFF80FF80)]
    [InlineData("F16", 0x7C007C00)]
    public void Numbers_that_are_not_finite_are_named_by_tensor_and_count(string type, uint bits)
    {
        var count = type == "F32" ? 1 : 2;
        var bytes = SafetensorsBytes.Of($$$"""{"a":{"dtype":"{{{type}}}","shape":[{{{2 * count}}}],"data_offsets":[0,8]}}""", 8);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), bits);
        using var file = SafetensorsFile.Open("x.safetensors", new MemoryStream(bytes));

        Assert.StartsWith($"x.safetensors: tensor 'a': {count} of {2 * count} numbers are not finite",
            Assert.Throws<InputException>(() => file.Read("a")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "holds 7 bytes of data, its header describes 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "holds 9 bytes of data, its header describes 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "tensor 'a' is [3] F32, 12 bytes, but lies from 0 to 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "lies from 8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "lies from -8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "tensor 'a' starts at byte 4, expected 0: the data has a hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12,
        "the data overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8,
        "names tensor 'a' twice")]
    [InlineData("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "has type 'F31', expected one of F32")]
    [InlineData("""{"a":{"dtype":"0","shape":[2],"data_offsets":[0,8]}}""", 8, "has type '0'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "an axis of length -2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", 8, "an axis of length 2147483647")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "lacks dtype, shape or two data_offsets")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "lacks dtype, shape or two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.5]}}""", 8, "lacks dtype, shape or two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "lacks dtype, shape or two data_offsets")]
    [InlineData("""{"__metadata__":[],"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "__metadata__ is not an object")]
    [InlineData("""{"__metadata__":{"n":1}}""", 0, "__metadata__ 'n' is not a string")]
    [InlineData("""{"a":""", 8, "header is not valid JSON")]
    [InlineData("""["a"]""", 0, "header is not a JSON object")]
    [InlineData("""{"\ud800":1}""", 0, "header is not valid JSON")]
    public void A_header_that_lies_is_refused(string header, int dataBytes, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => Open(header, dataBytes)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1UL << 62)]
    [InlineData(ulong.MaxValue)]
    [InlineData(10_000UL)]
    public void A_header_longer_than_the_file_is_refused(ulong length) =>
        Assert.Contains("says its header has",
            Assert.Throws<InputException>(() => SafetensorsFile.Open("x", new MemoryStream(SafetensorsBytes.Of(TwoFloats, 8, length)))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_file_of_a_few_bytes_is_refused() =>
        Assert.Contains("has 3 bytes", Assert.Throws<InputException>(() => SafetensorsFile.Open("x", new MemoryStream(new byte[3]))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_header_made_to_fill_the_memory_is_refused()
    {
        var header = "{\"a\":[" + string.Join(',', Enumerable.Repeat('1', 1 << 20)) + "]}";

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more than a description of a model has", Assert.Throws<InputException>(() => Open(header, 0)).Message,
            StringComparison.Ordinal);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < (16 << 20) + (8 * header.Length), $"allocated {allocated >> 20} MiB for {header.Length >> 20} MiB");
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("/no/such.safetensors: no such file.",
            Assert.Throws<InputException>(() => SafetensorsFile.Open("/no/such.safetensors")).Message, StringComparison.Ordinal);

    private static SafetensorsFile Open(string header, int dataBytes) =>
        SafetensorsFile.Open("x.safetensors", new MemoryStream(SafetensorsBytes.Of(header, dataBytes)));
}

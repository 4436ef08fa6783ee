using FsCheck.Xunit;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Tests.Properties;

/// <summary>What is written is read back.</summary>
public sealed class SafetensorsProperties : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Property(MaxTest = 200)]
    public void Tensors_of_any_name_shape_and_value_come_back_bit_by_bit(Dictionary<string, (byte Rows, byte Columns)> shapes, int seed)
    {
        var tensors = Tensors(shapes, seed);

        SafetensorsWriter.Write(_file, tensors);

        using var file = SafetensorsFile.Open(_file);
        Assert.Equal(tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal), file.Names.Order(StringComparer.Ordinal));
        foreach (var tensor in tensors)
        {
            var read = file.Read(tensor.Name);
            Assert.Equal(tensor.Shape, read.Shape);
            Assert.Equal(tensor.Values.Select(BitConverter.SingleToInt32Bits), read.Values.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Property(MaxTest = 100)]
    public void What_a_narrow_type_holds_is_written_again_without_change(Dictionary<string, (byte Rows, byte Columns)> shapes, int seed, bool half)
    {
        var type = half ? TensorType.F16 : TensorType.BF16;
        SafetensorsWriter.Write(_file, Tensors(shapes, seed), type);
        var once = File.ReadAllBytes(_file);
        using (var file = SafetensorsFile.Open(_file))
        {
            var rounded = file.Names.Select(file.Read).ToList();
            SafetensorsWriter.Write(_file, rounded, type);
        }

        Assert.Equal(once, File.ReadAllBytes(_file));
    }

    /// <summary>Random bits: every kind of finite float that F16 can hold too.</summary>
    private static List<NamedTensor> Tensors(Dictionary<string, (byte Rows, byte Columns)> shapes, int seed)
    {
        var random = new Random(seed);
        return [.. shapes.Select(entry =>
        {
            int[] shape = [entry.Value.Rows % 8, entry.Value.Columns % 8];
            var values = Enumerable.Range(0, shape[0] * shape[1])
                .Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)));
            return new NamedTensor(WithoutLoneSurrogates($"t{entry.Key}"), shape,
                [.. values.Select(value => Math.Abs(value) <= (float)Half.MaxValue ? value : 1)]);
        }).DistinctBy(tensor => tensor.Name)];
    }

    private static string WithoutLoneSurrogates(string name) => new([.. name.Where(unit => !char.IsSurrogate(unit))]);
}

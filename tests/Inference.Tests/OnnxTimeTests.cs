using Google.Protobuf;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Tests.Fuzzing;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Inference.Tests;

/// <summary>ONNX files made to be slow to read and to compare with the graph of their weights. Each begins as a whole small model.</summary>
public sealed class OnnxTimeTests : IDisposable
{
    private static readonly Dictionary<string, Action<ModelProto, int>> _attacks = new()
    {
        ["nodes of nothing"] = (model, size) => Add(size / 2, () => model.Graph.Node.Add(new NodeProto())),
        ["tensors of nothing"] = (model, size) => Add(size / 8, number => model.Graph.Initializer.Add(new TensorProto { Name = $"{number}" })),
        ["one tensor many times"] = (model, size) => Add(size / 6, () => model.Graph.Initializer.Add(new TensorProto { Name = "aa" })),
        ["inputs"] = (model, size) => Add(size / 10, number => model.Graph.Input.Add(new ValueInfoProto { Name = $"{number}" })),
        ["notes"] = (model, size) =>
            Add(size / 16, number => model.MetadataProps.Add(new StringStringEntryProto { Key = $"{number}", Value = "x" })),
        ["operator sets"] = (model, size) => Add(size / 4, () => model.OpsetImport.Add(new OperatorSetIdProto { Version = 1 })),
        ["a tensor of many axes that many nodes take"] = (model, size) =>
        {
            var wide = new TensorProto { Name = "w", Dims = { Enumerable.Repeat(1L, size / 2) } };
            model.Graph.Initializer.Add(wide);
            Add(size / 12, () => model.Graph.Node.Add(new NodeProto { Input = { "w" }, Output = { "" } }));
        },
        ["branches that see many values"] = (model, size) =>
        {
            Add(size / 20, number => model.Graph.Input.Add(new ValueInfoProto { Name = $"{number}" }));
            Add(size / 20, () => model.Graph.Node.Add(Branches(new GraphProto())));
        },
        ["branches in branches"] = (model, size) =>
        {
            const int Depth = 20;
            var inner = new GraphProto();
            Add(size / 12, () => inner.Node.Add(new NodeProto { Input = { "input_ids" } }));
            for (var level = 0; level < Depth; level++)
            {
                inner = new GraphProto { Node = { Branches(inner) } };
            }

            model.Graph.Node.Add(Branches(inner));
        },
        ["attributes"] = (model, size) =>
        {
            var node = new NodeProto();
            Add(size / 12, number => node.Attribute.Add(new AttributeProto { Name = $"{number}" }));
            model.Graph.Node.Add(node);
        },
    };

    private readonly TinyModel _model = new();

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_file_takes_time_in_proportion_to_its_size(string attack)
    {
        var config = ModelConfig.Load(_model.Checkpoint);
        ReadingTime.Check(attack, size => Write($"{size}.onnx", model => _attacks[attack](model, size)), path =>
        {
            var model = OnnxModel.Read(path);
            model.WhyNotGraphOf(config);
            PortableContract.Of(path, model.Interface);
        });
    }

    [Fact]
    public void Tensors_that_share_a_file_many_times_over_are_refused_before_it_is_read()
    {
        var path = Write("shared.onnx", model => Add(2000, number => model.Graph.Initializer.Add(new TensorProto
        {
            Name = $"{number}",
            DataLocation = DataLocation.External,
            ExternalData = { new StringStringEntryProto { Key = "location", Value = "numbers" } },
        })));
        File.WriteAllBytes(Path.Combine(_model.Folder, "numbers"), new byte[1 << 20]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<InputException>(() => OnnxModel.Read(path));

        Assert.Contains("numbers: has 1048576 bytes, and its tensors more than 4 times as many.", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void A_name_that_two_tensors_have_is_no_checkpoints_weight()
    {
        var path = Write("twice.onnx", model => model.Graph.Initializer.Add(model.Graph.Initializer[0].Clone()));

        Assert.Equal("its initializers are not the checkpoint's tensors",
            OnnxModel.Read(path).WhyNotGraphOf(ModelConfig.Load(_model.Checkpoint)));
    }

    private string Write(string name, Action<ModelProto> change)
    {
        using var written = new MemoryStream();
        OnnxModelFile.Write(written, _model.Weights, OnnxModelFile.DefaultOpset, []);
        var model = ModelProto.Parser.ParseFrom(written.ToArray());
        change(model);
        var path = Path.Combine(_model.Folder, name);
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static NodeProto Branches(GraphProto graph) =>
        new() { Attribute = { new AttributeProto { Name = "then", G = graph, Type = AttributeProto.Types.AttributeType.Graph } } };

    private static void Add(int times, Action add) => Add(times, _ => add());

    private static void Add(int times, Action<int> add)
    {
        for (var number = 0; number < times; number++)
        {
            add(number);
        }
    }
}

using System.Globalization;
using LoraOnnx.Graph.Onnx;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph;

/// <summary>One ONNX graph under construction: nodes are added in execution order and named after their output, so that a viewer reads like the
/// code.</summary>
internal sealed class GraphBuilder(string name, int opset)
{
    /// <summary>Marks the files of this toolkit (<c>producer_name</c>).</summary>
    public const string Producer = "lora-onnx";

    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    private const string ContribDomain = "com.microsoft";

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private GraphProto? _branch; // where nodes go while a branch is made
    private bool _usesContrib;
    private bool _usesKernels;

    /// <summary>Version of the standard operators.</summary>
    public int Opset => opset;

    /// <summary>Adds a graph input; an axis is a number or the name of a free length.</summary>
    public string Input(string input, DataType type, params ReadOnlySpan<string> axes)
    {
        _graph.Input.Add(Describe(Claim(input), type, axes));
        return input;
    }

    /// <summary>Adds an input that a caller may leave out: then it is <paramref name="tensor"/>.</summary>
    public void OptionalInput(TensorProto tensor, params ReadOnlySpan<string> axes)
    {
        Input(tensor.Name, (DataType)tensor.DataType, axes);
        _graph.Initializer.Add(tensor);
    }

    /// <summary>Adds a graph input that is a list of fp32 tensors.</summary>
    public string FloatsInput(string input)
    {
        var tensor = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } };
        _graph.Input.Add(new ValueInfoProto
        {
            Name = Claim(input),
            Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = tensor } },
        });
        return input;
    }

    /// <summary>Makes <paramref name="value"/> an output of the graph.</summary>
    public void Output(string value, DataType type, params ReadOnlySpan<string> axes) => _graph.Output.Add(Describe(value, type, axes));

    /// <summary>Adds a constant tensor once; a second call with the same name returns the first.</summary>
    public string Initializer(TensorProto tensor)
    {
        if (_names.Add(tensor.Name))
        {
            _graph.Initializer.Add(tensor);
        }

        return tensor.Name;
    }

    /// <summary>Adds a vector of int64, named after its content.</summary>
    public string Int64s(params long[] values) => Initializer(Tensors.Int64($"int64[{string.Join(',', values)}]", values));

    /// <summary>Adds a node of the standard operator set and returns its only output.</summary>
    public string Node(string op, string output, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes) =>
        Add("", op, output, inputs, attributes);

    /// <summary>Adds a node of ONNX Runtime's operators (<c>com.microsoft</c>) and returns its only output; an empty input is one left out.</summary>
    public string ContribNode(string op, string output, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        _usesContrib = true;
        return Add(ContribDomain, op, output, inputs, attributes);
    }

    /// <summary>Adds a node of <see cref="PackedInputs.KernelDomain"/> and returns its only output; what it computes is known by its name.</summary>
    public string KernelNode(string op, params ReadOnlySpan<string> inputs)
    {
        _usesKernels = true;
        return Add(PackedInputs.KernelDomain, op, op, inputs, []);
    }

    /// <summary>Adds a value that is made in one of two ways, by a condition that is known when the graph runs. What a branch adds, constants aside,
    /// exists in it alone.</summary>
    public string If(string output, DataType type, string condition, Func<string> then, Func<string> otherwise) =>
        Add("", "If", output, [condition], [Branch("then_branch", type, then), Branch("else_branch", type, otherwise)]);

    /// <summary>The maximum of each row of a matrix [n, width], as a vector [n]. Axes became an input with opset 18.</summary>
    public string MaxOfRows(string output, string matrix) => opset >= 18
        ? Node("ReduceMax", output, [matrix, Int64s(-1)], Int("keepdims", 0))
        : Node("ReduceMax", output, [matrix], Ints("axes", -1), Int("keepdims", 0));

    /// <summary>The finished model. The graph must not be added to afterwards.</summary>
    public ModelProto Build(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion(opset),
            ProducerName = Producer,
            ProducerVersion = ToolVersion.Text,
            Graph = _graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset } },
        };
        if (_usesContrib)
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = ContribDomain, Version = 1 });
        }

        if (_usesKernels)
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = PackedInputs.KernelDomain, Version = 1 });
        }

        model.MetadataProps.Add(OnnxMetadata.ToProto(metadata));
        return model;
    }

    public static AttributeProto Int(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Float(string name, double value) => new()
    {
        Name = name,
        F = (float)value,
        Type = AttributeProto.Types.AttributeType.Float,
    };

    public static AttributeProto Ints(string name, params long[] values) => new()
    {
        Name = name,
        Ints = { values },
        Type = AttributeProto.Types.AttributeType.Ints,
    };

    private string Add(string domain, string op, string output, ReadOnlySpan<string> inputs, ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { OpType = op, Name = Claim(output) };
        if (domain.Length > 0)
        {
            node.Domain = domain;
        }

        foreach (var input in inputs)
        {
            node.Input.Add(input);
        }

        foreach (var attribute in attributes)
        {
            node.Attribute.Add(attribute);
        }

        node.Output.Add(output);
        (_branch ?? _graph).Node.Add(node);
        return output;
    }

    private AttributeProto Branch(string attribute, DataType type, Func<string> make)
    {
        var branch = _branch = new GraphProto { Name = attribute };
        branch.Output.Add(
            new ValueInfoProto { Name = make(), Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } } });
        _branch = null;
        return new AttributeProto { Name = attribute, G = branch, Type = AttributeProto.Types.AttributeType.Graph };
    }

    private string Claim(string value) =>
        _names.Add(value) ? value : throw new InvalidOperationException($"The graph has two values named '{value}'. This is a bug.");

    /// <summary>The file version in which an operator set came out (ONNX's Versioning.md).</summary>
    private static int IrVersion(int opset) => opset switch
    {
        <= 14 => 7,
        <= 18 => 8,
        <= 20 => 9,
        _ => 10,
    };

    /// <summary>A value of a graph; an axis is a number or the name of a free length.</summary>
    public static ValueInfoProto Describe(string value, DataType type, ReadOnlySpan<string> axes)
    {
        var shape = new TensorShapeProto();
        foreach (var axis in axes)
        {
            shape.Dim.Add(long.TryParse(axis, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                ? new TensorShapeProto.Types.Dimension { DimValue = length }
                : new TensorShapeProto.Types.Dimension { DimParam = axis });
        }

        return new ValueInfoProto
        {
            Name = value,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        };
    }
}

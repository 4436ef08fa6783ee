namespace LoraOnnx.Inference.Operators;

/// <summary>An operator of a graph that is computed here and not by ONNX Runtime. Calls may overlap.</summary>
internal interface IOperator
{
    /// <summary>The node's <c>op_type</c>.</summary>
    string Name { get; }

    /// <summary>What the inputs are, in order. There is one output, of fp32.</summary>
    IReadOnlyList<OperatorInput> Inputs { get; }

    /// <summary>Whether the output is the first input's memory, changed: nothing else of the graph may read that input.</summary>
    bool IsInPlace => false;

    /// <summary>Computes the output of one call.</summary>
    void Compute(OperatorCall call);
}

/// <summary>Types of inputs, numbered as in ONNX.</summary>
internal enum OperatorInput
{
    /// <summary>fp32.</summary>
    Float = 1,

    /// <summary>int32.</summary>
    Int32 = 6,
}

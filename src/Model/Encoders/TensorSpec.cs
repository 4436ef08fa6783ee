namespace LoraOnnx.Model.Encoders;

/// <summary>A tensor that a checkpoint must have: its key and the shape that config.json implies.</summary>
public readonly record struct TensorSpec(string Key, int Rows, int? Columns)
{
    /// <summary>Axis lengths: [rows, columns], or [rows] for biases and layer norms.</summary>
    public IReadOnlyList<int> Shape => Columns is { } columns ? [Rows, columns] : [Rows];
}

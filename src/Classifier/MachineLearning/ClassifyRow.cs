using Microsoft.ML;
using Microsoft.ML.Data;

namespace LoraOnnx.MachineLearning;

/// <summary>Classifies a row's text when it is asked for, as prediction engines do.</summary>
internal sealed class ClassifyRow(DataViewSchema input, AddedColumns columns, Classify classify) : IRowToRowMapper
{
    public DataViewSchema InputSchema => input;

    public DataViewSchema OutputSchema => columns.Schema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        columns.Needed(input, dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new Row(input, activeColumns, columns, classify);

    private sealed class Row : DataViewRow
    {
        private readonly DataViewRow _input;
        private readonly HashSet<int> _active;
        private readonly AddedColumns _columns;
        private readonly Classify _classify;
        private readonly ValueGetter<ReadOnlyMemory<char>>? _text;
        private TextClassification? _answer;
        private long _answered = -1;

        public Row(DataViewRow input, IEnumerable<DataViewSchema.Column> active, AddedColumns columns, Classify classify)
        {
            _input = input;
            _columns = columns;
            _classify = classify;
            var asked = active.ToList();
            _active = [.. asked.Select(column => column.Index)];
            _text = asked.Exists(columns.IsAdded) ? input.GetGetter<ReadOnlyMemory<char>>(input.Schema[columns.Text.Index]) : null;
        }

        public override DataViewSchema Schema => _columns.Schema;

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _columns.IsAdded(column)
            ? _columns.Getter<TValue>(column, Answer)
            : _input.GetGetter<TValue>(_input.Schema[column.Index]);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _input.Dispose();
            }

            base.Dispose(disposing);
        }

        /// <summary>The answer of the row at hand, made once for all its columns.</summary>
        private TextClassification Answer()
        {
            if (_answer is null || _answered != _input.Position)
            {
                ReadOnlyMemory<char> text = default;
                _text!(ref text); // an added column was asked for, so it is there
                _answer = _classify([text.ToString()])[0];
                _answered = _input.Position;
            }

            return _answer;
        }
    }
}

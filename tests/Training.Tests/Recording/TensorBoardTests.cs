using System.Buffers.Binary;
using System.Text;
using LoraOnnx.Training.Recording.TensorBoard;

namespace LoraOnnx.Training.Tests.Recording;

public sealed class TensorBoardTests
{
    [Fact]
    public void The_checksum_is_the_masked_CRC_32C_of_the_record_format()
    {
        // CRC-32C of "123456789" is E3069283 (RFC 3720); masked: rotated right by 15, plus A282EAD8.
        const uint Crc = 0xE3069283;

        Assert.Equal(((Crc >> 15) | (Crc << 17)) + 0xA282EAD8, TfRecord.MaskedCrc("123456789"u8));
    }

    [Fact]
    public void A_record_has_its_length_and_two_checksums_around_the_data()
    {
        var record = TfRecord.Frame("abc"u8);

        Assert.Equal(8 + 4 + 3 + 4, record.Length);
        Assert.Equal(3UL, BinaryPrimitives.ReadUInt64LittleEndian(record));
        Assert.Equal(TfRecord.MaskedCrc(record.AsSpan(0, 8)), BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(8)));
        Assert.Equal("abc", Encoding.ASCII.GetString(record, 12, 3));
        Assert.Equal(TfRecord.MaskedCrc("abc"u8), BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(15)));
    }

    [Fact]
    public void A_scalar_event_is_the_protobuf_message_that_TensorBoard_reads()
    {
        // Event { wall_time: 1.5 step: 300 summary { value { tag: "f1" simple_value: 0.5 } } }, encoded by hand from event.proto and summary.proto.
        var expected = "09000000000000F83F" + "10AC02" + "2A0B" + "0A09" + "0A026631" + "150000003F";

        Assert.Equal(expected, Convert.ToHexString(EventMessage.Scalars(1.5, 300, [("f1", 0.5)])));
    }
}

/** Values of DuckDB as JSON has them, without loss: what no JSON number can hold is a text. */
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/** Digits of a decimal that a double holds, whichever they are. */
const doubleDigits = 15;

/**
 * A value as JSON: whole numbers of up to 53 bits and decimals of up to 15 digits are numbers, larger
 * ones texts; moments are as ISO 8601 has them, bytes are Base64, structs are objects, and maps are lists of
 * pairs. What is not a number ("NaN", "Infinity") is a text.
 */
export function jsonValue(value: DuckDBValue): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof DuckDBDecimalValue) {
    const text = value.toString();
    return text.replace(/\D/g, '').length <= doubleDigits ? Number(text) : text;
  }
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return value.items.map(jsonValue);
  }
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, entry]) => [name, jsonValue(entry)]),
    );
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(({ key, value: entry }) => [jsonValue(key), jsonValue(entry)]);
  }
  if (value instanceof DuckDBUnionValue) return jsonValue(value.value);
  if (value instanceof DuckDBTimestampTZValue) {
    return `${isoOf(new DuckDBTimestampValue(value.micros))}Z`;
  }
  return timestamps.some((type) => value instanceof type) ? isoOf(value) : value.toString();
}

const timestamps = [
  DuckDBTimestampValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
];

function isoOf(timestamp: { toString(): string }): string {
  return timestamp.toString().replace(' ', 'T');
}

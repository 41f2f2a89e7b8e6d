//! Arrays of every type of numbers, written by hand.

use super::*;

/// A number with its bytes, most significant first, in the type of a name.
struct Encoded {
    name: &'static str,
    value: f64,
    bytes: Vec<u8>,
}

/// Draws a number of any type.
fn encoded(draw: &mut NumberGenerator) -> Encoded {
    let word = draw.next();
    let of = |name, value, bytes: &[u8]| Encoded {
        name,
        value,
        bytes: bytes.to_vec(),
    };
    match draw.next() % 12 {
        0 => {
            let halves = [
                (0x3c00u16, 1.0),
                (0xc100, -2.5),
                (0x0001, 2f64.powi(-24)),
                (0x7bff, 65504.0),
            ];
            let (bits, value) = halves[word as usize % 4];
            of("f2", value, &bits.to_be_bytes())
        }
        1 => {
            let value = word as i32 as f32 / 256.0;
            of("f4", f64::from(value), &value.to_be_bytes())
        }
        2 => {
            let value = draw.number();
            of("f8", value, &value.to_be_bytes())
        }
        3 => of("i1", f64::from(word as i8), &(word as i8).to_be_bytes()),
        4 => of("i2", f64::from(word as i16), &(word as i16).to_be_bytes()),
        5 => of("i4", f64::from(word as i32), &(word as i32).to_be_bytes()),
        6 => {
            let value = word as i64 >> 11;
            of("i8", value as f64, &value.to_be_bytes())
        }
        7 => of("u1", f64::from(word as u8), &[word as u8]),
        8 => of("u2", f64::from(word as u16), &(word as u16).to_be_bytes()),
        9 => of("u4", f64::from(word as u32), &(word as u32).to_be_bytes()),
        10 => of("u8", (word >> 11) as f64, &(word >> 11).to_be_bytes()),
        _ => of("b1", (word % 2) as f64, &[(word % 2) as u8]),
    }
}

/// Draws numbers of one type.
fn encoded_alike(draw: &mut NumberGenerator, count: usize) -> Vec<Encoded> {
    let first = encoded(draw);
    let mut all = vec![first];
    while all.len() < count {
        let next = encoded(draw);
        if next.name == all[0].name {
            all.push(next);
        }
    }
    all
}

#[test]
fn arrays_of_any_type_order_and_shape_are_read_to_the_same_numbers() {
    let folder = TestFolder::new();
    let mut draw = NumberGenerator(5);
    for round in 0..300 {
        let (rows, width) = (1 + draw.next() as usize % 9, 1 + draw.next() as usize % 4);
        let big = draw.next().is_multiple_of(2);
        let descr = |name: &str| format!("{}{name}", if big { '>' } else { '<' });
        let put = |out: &mut Vec<u8>, number: &Encoded| {
            let mut bytes = number.bytes.clone();
            if !big {
                bytes.reverse();
            }
            out.extend(bytes);
        };
        // Columns of one type each, all of the same one where there are no fields.
        let structured = round % 3 == 0;
        let table: Vec<Vec<Encoded>> = if structured {
            (0..width).map(|_| encoded_alike(&mut draw, rows)).collect()
        } else {
            let mut all = encoded_alike(&mut draw, rows * width);
            (0..width)
                .map(|_| all.split_off(all.len() - rows))
                .collect()
        };
        let mut values = Vec::new();
        let (kind, fortran, shape) = if structured {
            let fields: String = table
                .iter()
                .enumerate()
                .map(|(column, numbers)| {
                    format!("('c{column}', '{}'), ('', '|V3'), ", descr(numbers[0].name))
                })
                .collect();
            for row in 0..rows {
                for numbers in &table {
                    put(&mut values, &numbers[row]);
                    values.extend([0xa5; 3]);
                }
            }
            (format!("[{fields}]"), "False", format!("({rows},)"))
        } else if round % 3 == 1 {
            let numbers = table.iter().flatten();
            numbers.for_each(|number| put(&mut values, number));
            (
                format!("'{}'", descr(table[0][0].name)),
                "True",
                format!("({rows}, {width})"),
            )
        } else {
            for row in 0..rows {
                table
                    .iter()
                    .for_each(|numbers| put(&mut values, &numbers[row]));
            }
            (
                format!("'{}'", descr(table[0][0].name)),
                "False",
                format!("({rows}, {width})"),
            )
        };
        let text = format!("{{'descr': {kind}, 'fortran_order': {fortran}, 'shape': {shape}, }}");
        let mut file = b"\x93NUMPY\x02\0".to_vec();
        file.extend((text.len() as u32).to_le_bytes());
        file.extend(text.bytes());
        file.extend(values);
        let expected: Vec<f64> = (0..rows)
            .flat_map(|row| table.iter().map(move |numbers| numbers[row].value))
            .collect();
        // By its first bytes, whatever its name.
        let path = folder.file("t.csv", &file);
        let found = opened(&path, &Selection::default()).unwrap();
        assert_eq!(bits(&found.values), bits(&expected), "{text}");
        let blocks = Blocks::open(&path, &Selection::default(), 2).unwrap();
        let passed: Vec<f64> = blocks.flat_map(Result::unwrap).collect();
        assert_eq!(bits(&passed), bits(&expected), "{text}");
    }
}

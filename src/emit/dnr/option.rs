//! The options themselves, octet by octet (RFC 9463 §4, §5, §6).
//!
//! The service parameters hold no addresses, since the options have a place of their own for them.

use crate::emit::Doors;
use crate::wire::Endpoint;

/// What a DHCPv4 option may hold, in octets. Longer ones can be sent in pieces (RFC 3396), which not every client puts together.
const MOST_V4: usize = 255;
/// How long a router advertisement holds, in seconds: three times the longest interval between two (RFC 9463 §6.1, RFC 4861 §6.2.1).
const LIFETIME: u32 = 1800;
/// The type of the option in router advertisements.
const RA_TYPE: u8 = 144;

/// The data of the DHCPv4 option 162, and how many doors are in it: one instance behind the other. None if no door has an IPv4
/// address.
pub(super) fn v4(doors: &Doors) -> Option<(Vec<u8>, usize)> {
    let mut data = Vec::new();
    let mut count = 0;
    for (priority, door) in numbered(doors) {
        let Some(instance) = instance_v4(doors, priority, door) else {
            continue;
        };
        if data.len() + instance.len() > MOST_V4 {
            break;
        }
        data.extend(instance);
        count += 1;
    }
    (count > 0).then_some((data, count))
}

/// How many doors have an IPv4 address.
pub(super) fn count_v4(doors: &Doors) -> usize {
    let doors = doors.endpoints.iter();
    doors.filter(|door| !door.v4().is_empty()).count()
}

/// The data of the DHCPv6 option 144, one for each door with an IPv6 address.
pub(super) fn v6(doors: &Doors) -> Vec<Vec<u8>> {
    let doors = numbered(doors).filter_map(|(priority, door)| {
        let (name, addresses) = (doors.name.as_wire(), door.v6());
        let mut data = priority.to_be_bytes().to_vec();
        data.extend(u16::try_from(name.len()).ok()?.to_be_bytes());
        data.extend(name);
        data.extend(length_of(&addresses)?.to_be_bytes());
        data.extend(addresses);
        data.extend(door.parameters());
        Some(data)
    });
    doors.collect()
}

/// The options of router advertisements, whole, one for each door with an IPv6 address.
pub(super) fn ra(doors: &Doors) -> Vec<Vec<u8>> {
    let doors = numbered(doors).filter_map(|(priority, door)| {
        let (name, addresses) = (doors.name.as_wire(), door.v6());
        let parameters = door.parameters();
        let mut data = vec![RA_TYPE, 0];
        data.extend(priority.to_be_bytes());
        data.extend(LIFETIME.to_be_bytes());
        data.extend(u16::try_from(name.len()).ok()?.to_be_bytes());
        data.extend(name);
        data.extend(length_of(&addresses)?.to_be_bytes());
        data.extend(addresses);
        data.extend(u16::try_from(parameters.len()).ok()?.to_be_bytes());
        data.extend(parameters);
        data.resize(data.len().next_multiple_of(8), 0);
        let length = u8::try_from(data.len() / 8).ok()?;
        *data.get_mut(1)? = length;
        Some(data)
    });
    doors.collect()
}

fn instance_v4(doors: &Doors, priority: u16, door: &Endpoint) -> Option<Vec<u8>> {
    let (name, addresses) = (doors.name.as_wire(), door.v4());
    let mut data = priority.to_be_bytes().to_vec();
    data.push(u8::try_from(name.len()).ok()?);
    data.extend(name);
    data.push(u8::try_from(length_of(&addresses)?).ok()?);
    data.extend(addresses);
    data.extend(door.parameters());
    let mut instance = u16::try_from(data.len()).ok()?.to_be_bytes().to_vec();
    instance.extend(data);
    Some(instance)
}

/// The doors with the priorities that DNS gives them, too.
fn numbered(doors: &Doors) -> impl Iterator<Item = (u16, &Endpoint)> {
    (1..).zip(&doors.endpoints)
}

/// The length of addresses; none if there are none, for an option without addresses would name no door but a question.
fn length_of(addresses: &[u8]) -> Option<u16> {
    u16::try_from(addresses.len())
        .ok()
        .filter(|length| *length > 0)
}

//! The ways in which domains write addresses into names, behind one face.
//!
//! A grammar says what stands in a name and nothing about whether it is answered; the rules for that are the domain's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::encode::EncodeError;
use super::front::Front;
use super::loopback::Loopback;
use super::shape::Shape;
use super::why::WhyNot;
use super::{akebi, backname, local_ip, sslip, traefik};

/// A way to write an address into a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grammar {
    Shape(Shape),
    Sslip,
    Backname,
    Traefik,
    Akebi,
    LocalIp,
    Loopback(Loopback),
}

/// What a name carries: at least one address, and the id if the grammar has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carried<'a> {
    pub(super) v4: Option<Ipv4Addr>,
    pub(super) v6: Option<Ipv6Addr>,
    pub(super) id: Option<&'a [u8]>,
}

impl<'a> Carried<'a> {
    pub(super) fn one(address: IpAddr, id: Option<&'a [u8]>) -> Self {
        match address {
            IpAddr::V4(v4) => Self {
                v4: Some(v4),
                v6: None,
                id,
            },
            IpAddr::V6(v6) => Self {
                v4: None,
                v6: Some(v6),
                id,
            },
        }
    }

    pub(super) fn loopback() -> Self {
        Self {
            v4: Some(Ipv4Addr::LOCALHOST),
            v6: Some(Ipv6Addr::LOCALHOST),
            id: None,
        }
    }

    pub(super) fn some(v4: Option<Ipv4Addr>, v6: Option<Ipv6Addr>) -> Option<Self> {
        if v4.is_some() || v6.is_some() {
            Some(Self { v4, v6, id: None })
        } else {
            None
        }
    }
}

impl Grammar {
    pub(super) fn read<'a>(&self, front: &Front<'a>) -> Option<Carried<'a>> {
        if front.is_attribute() {
            return None;
        }
        match self {
            Self::Shape(shape) => shape.read(front),
            Self::Sslip => sslip::read(front),
            Self::Backname => backname::read(front),
            Self::Traefik => traefik::read(front),
            Self::Akebi => akebi::read(front),
            Self::LocalIp => local_ip::read(front),
            Self::Loopback(loopback) => loopback.read(front),
        }
    }

    /// The labels before the suffix that carry `address`.
    pub(super) fn write(
        &self,
        address: IpAddr,
        id: Option<&str>,
    ) -> Result<Vec<String>, EncodeError> {
        let writing = match self {
            Self::Shape(shape) => return shape.write(address, id),
            Self::Loopback(_) => return Err(EncodeError::Fixed),
            Self::Traefik => traefik::WRITING,
            Self::LocalIp => local_ip::WRITING,
            Self::Sslip => sslip::WRITING,
            Self::Backname => backname::WRITING,
            Self::Akebi => akebi::WRITING,
        };
        if id.is_some() {
            return Err(EncodeError::NoId);
        }
        if address.is_ipv6() && matches!(self, Self::Traefik | Self::LocalIp) {
            return Err(EncodeError::Family(address));
        }
        Ok(vec![super::label::write(address, writing)])
    }

    /// Why a name was not read; called only if it was not.
    pub(super) fn why_not(&self, front: &Front<'_>) -> WhyNot {
        if front.is_attribute() {
            return WhyNot::Attribute;
        }
        match self {
            _ if front.count() == 0 => WhyNot::Apex,
            Self::Shape(shape) => shape.why_not(front),
            Self::Akebi if front.count() > 1 => WhyNot::Labels {
                found: front.count(),
                wanted: 1,
                or_more: false,
            },
            Self::Loopback(_) => WhyNot::Exception,
            _ => super::why::not_in_labels(front),
        }
    }
}

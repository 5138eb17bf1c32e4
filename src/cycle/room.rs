//! How many projects are looked at, and how many wheels are read, at once.
//!
//! A look that takes longer than a cycle waits for it gives its places back, so that it holds up
//! nobody; it goes on in places beside them, as many again, or is cut short where those are taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places there are.
#[derive(Clone, Debug)]
pub struct Room {
    projects: Arc<Semaphore>,
    wheels: Arc<Semaphore>,
    late_projects: Arc<Semaphore>,
    late_wheels: Arc<Semaphore>,
    own: usize,
}

impl Room {
    /// Room for so many wheels, and for as many projects, at once; one project may take all of it.
    pub fn of_wheels(wheels: usize) -> Self {
        Self::new(wheels, wheels, wheels)
    }

    /// Room for so many projects and wheels at once, of which one project has at most half where
    /// there are several.
    pub fn shared(projects: usize, wheels: usize, are_several: bool) -> Self {
        let own = if are_several {
            wheels.div_ceil(2)
        } else {
            wheels
        };
        Self::new(projects, wheels, own)
    }

    fn new(projects: usize, wheels: usize, own: usize) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.max(1)));
        Self {
            projects: places(projects),
            wheels: places(wheels),
            late_projects: places(wheels),
            late_wheels: places(wheels),
            own: own.max(1),
        }
    }

    /// How many wheels of one project are read at once.
    pub(super) const fn own(&self) -> usize {
        self.own
    }

    /// A place for a look, when there is one. None are ever closed.
    pub(super) async fn project(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.projects).acquire_owned().await.ok()
    }
}

/// The places that one look has.
#[derive(Debug)]
pub(super) struct Places {
    room: Room,
    taken: Mutex<Taken>,
}

#[derive(Debug)]
struct Taken {
    is_late: bool,
    project: Option<OwnedSemaphorePermit>,
    wheels: BTreeMap<u64, OwnedSemaphorePermit>,
    next: u64,
}

/// The place of one wheel, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Place<'a> {
    places: &'a Places,
    number: u64,
}

impl Places {
    pub(super) fn new(room: Room, project: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            room,
            taken: Mutex::new(Taken {
                is_late: false,
                project,
                wheels: BTreeMap::new(),
                next: 0,
            }),
        }
    }

    /// How many wheels of the look are read at once.
    pub(super) const fn room_of_one(&self) -> usize {
        self.room.own()
    }

    /// A place to read a wheel at.
    pub(super) async fn wheel(&self) -> Place<'_> {
        loop {
            let is_late = self.lock().is_late;
            let wheels = match is_late {
                true => &self.room.late_wheels,
                false => &self.room.wheels,
            };
            // None are ever closed.
            let permit = Arc::clone(wheels).acquire_owned().await.ok();
            let mut taken = self.lock();
            if taken.is_late != is_late {
                continue;
            }
            let number = taken.next;
            taken.next = number.wrapping_add(1);
            taken.wheels.extend(permit.map(|permit| (number, permit)));
            return Place {
                places: self,
                number,
            };
        }
    }

    /// Gives all places back and goes on in others beside them; false when there are none.
    pub(super) fn go_late(&self) -> bool {
        let mut taken = self.lock();
        let Ok(project) = Arc::clone(&self.room.late_projects).try_acquire_owned() else {
            return false;
        };
        let count = u32::try_from(taken.wheels.len()).unwrap_or(u32::MAX);
        let Ok(mut wheels) = Arc::clone(&self.room.late_wheels).try_acquire_many_owned(count)
        else {
            return false;
        };
        taken.is_late = true;
        taken.project = Some(project);
        for permit in taken.wheels.values_mut() {
            if let Some(late) = wheels.split(1) {
                *permit = late;
            }
        }
        true
    }

    /// The look is over.
    pub(super) fn leave(&self) {
        let mut taken = self.lock();
        taken.project = None;
        taken.wheels.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.places.lock().wheels.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_late_gives_its_places_back() {
        let room = Room::shared(1, 2, true);
        let slow = Places::new(room.clone(), room.project().await);
        let (first, second) = (slow.wheel().await, slow.wheel().await);
        assert_eq!(room.projects.available_permits(), 0);
        assert_eq!(room.wheels.available_permits(), 0);
        assert!(slow.go_late());
        assert_eq!(room.projects.available_permits(), 1);
        assert_eq!(room.wheels.available_permits(), 2);
        assert_eq!(room.late_wheels.available_permits(), 0);
        drop(first);
        assert_eq!(room.late_wheels.available_permits(), 1);
        let third = slow.wheel().await;
        assert_eq!(room.late_wheels.available_permits(), 0);
        assert_eq!(room.wheels.available_permits(), 2);
        drop((second, third));
        slow.leave();
        assert_eq!(room.late_projects.available_permits(), 2);
    }

    #[tokio::test]
    async fn there_are_not_more_late_places_than_others() {
        let room = Room::shared(4, 2, true);
        let slow = Places::new(room.clone(), room.project().await);
        let _kept = (slow.wheel().await, slow.wheel().await);
        assert!(slow.go_late());
        let other = Places::new(room.clone(), room.project().await);
        let _wheel = other.wheel().await;
        assert!(!other.go_late());
    }

    #[test]
    fn one_of_several_projects_has_half() {
        assert_eq!(Room::shared(8, 5, true).own(), 3);
        assert_eq!(Room::shared(8, 5, false).own(), 5);
        assert_eq!(Room::of_wheels(0).own(), 1);
    }
}

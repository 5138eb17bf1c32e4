use std::sync::Mutex;

use crate::report::CheckReport;

use super::*;

/// A clock that goes on as tokio's does, and can be set.
#[derive(Clone)]
struct Wall {
    began: tokio::time::Instant,
    set: Arc<Mutex<DateTime<Utc>>>,
}

impl Wall {
    fn at(moment: &str) -> Self {
        Self {
            began: tokio::time::Instant::now(),
            set: Arc::new(Mutex::new(moment.parse().unwrap())),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        *self.set.lock().unwrap() + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }

    fn jump(&self, by: TimeDelta) {
        *self.set.lock().unwrap() += by;
    }

    fn clock(&self) -> Clock {
        let wall = self.clone();
        Arc::new(move || wall.now())
    }
}

type Work = Box<dyn FnMut(usize) -> Duration + Send>;

/// Notes when cycles begin, and takes as long as it is told; the last one stops the daemon.
struct Noting {
    began: Vec<DateTime<Utc>>,
    lasts: Work,
    most: usize,
    stop: mpsc::Sender<Signal>,
    acts: bool,
    finished: Arc<Mutex<usize>>,
    reloads: Vec<Result<Timing, CycleError>>,
}

impl Engine for Noting {
    async fn cycle(
        &mut self,
        now: DateTime<Utc>,
        pulse: Arc<Pulse>,
        stop: CancellationToken,
    ) -> Result<FinishedCycle, CycleError> {
        self.began.push(now);
        if self.acts {
            pulse.acts();
        }
        let length = (self.lasts)(self.began.len());
        if self.began.len() >= self.most {
            self.stop.send(Signal::Stop).await.unwrap();
        }
        tokio::time::sleep(length).await;
        *self.finished.lock().unwrap() += 1;
        assert!(self.began.len() < self.most || self.acts == stop.is_cancelled());
        Ok(FinishedCycle {
            report: CheckReport {
                checked_at: now,
                dry_run: true,
                feeds: Vec::new(),
                lines: Vec::new(),
            },
            releases: crate::model::Releases::new(Vec::new()),
            began: now,
            ended: now,
            received_bytes: 0,
        })
    }

    fn reload(&mut self) -> Result<Timing, CycleError> {
        self.reloads.remove(0)
    }
}

fn timing(schedule: &str) -> Timing {
    Timing {
        schedule: Schedule::parse(schedule, "UTC").unwrap(),
        jitter: TimeDelta::zero(),
        key: "test".to_owned(),
    }
}

struct Ran {
    began: Vec<String>,
    finished: usize,
    sender: mpsc::Sender<Signal>,
}

/// Runs so many cycles, each as long as it is told.
async fn ran(
    wall: &Wall,
    schedule: &str,
    most: usize,
    acts: bool,
    lasts: impl FnMut(usize) -> Duration + Send + 'static,
) -> Ran {
    let (sender, signals) = mpsc::channel(8);
    let finished = Arc::new(Mutex::new(0));
    let mut engine = Noting {
        began: Vec::new(),
        lasts: Box::new(lasts),
        most,
        stop: sender.clone(),
        acts,
        finished: Arc::clone(&finished),
        reloads: Vec::new(),
    };
    let calls = Calls {
        signals,
        wake: Arc::new(Notify::new()),
    };
    let board = Board::new(wall.now());
    run(&mut engine, timing(schedule), &board, calls, &wall.clock()).await;
    let finished = *finished.lock().unwrap();
    Ran {
        began: engine
            .began
            .iter()
            .map(|moment| moment.format("%d %H:%M").to_string())
            .collect(),
        finished,
        sender,
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_cycle_is_at_once_and_the_next_ones_come_by_the_schedule() {
    let wall = Wall::at("2026-11-27T10:07:30Z");
    let ran = ran(&wall, "*/15 * * * *", 4, true, |_| Duration::from_secs(1)).await;
    assert_eq!(ran.began, ["27 10:07", "27 10:15", "27 10:30", "27 10:45"]);
    assert_eq!(ran.finished, 4);
}

#[tokio::test(start_paused = true)]
async fn ticks_that_fall_into_a_long_cycle_are_made_up_for_by_one() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let ran = ran(&wall, "*/15 * * * *", 4, true, |count| {
        Duration::from_secs(if count == 2 { 50 * 60 } else { 1 })
    })
    .await;
    assert_eq!(ran.began, ["27 10:00", "27 10:15", "27 11:05", "27 11:15"]);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_makes_up_for_it_by_one_cycle() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let sleeper = wall.clone();
    let ran = ran(&wall, "0 * * * *", 4, true, move |count| {
        if count == 1 {
            sleeper.jump(TimeDelta::hours(30));
        }
        Duration::from_secs(1)
    })
    .await;
    assert_eq!(ran.began, ["27 10:00", "28 16:00", "28 17:00", "28 18:00"]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_stop_the_cycles() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let set_back = wall.clone();
    let ran = ran(&wall, "0 * * * *", 3, true, move |count| {
        if count == 1 {
            set_back.jump(TimeDelta::days(-2));
        }
        Duration::from_secs(1)
    })
    .await;
    assert_eq!(ran.began, ["27 10:00", "25 11:00", "25 12:00"]);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_only_looks_is_cut_short_at_once() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let before = wall.now();
    let ran = ran(&wall, "0 * * * *", 1, false, |_| Duration::from_secs(3600)).await;
    assert_eq!(ran.finished, 0);
    assert!(wall.now() - before < TimeDelta::seconds(1));
    drop(ran.sender);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_acts_may_finish_its_write_but_not_for_ever() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let quick = ran(&wall, "0 * * * *", 1, true, |_| Duration::from_secs(7)).await;
    assert_eq!(quick.finished, 1);
    let before = wall.now();
    let endless = ran(&wall, "0 * * * *", 1, true, |_| Duration::from_secs(3600)).await;
    assert_eq!(endless.finished, 0);
    assert!(wall.now() - before < TimeDelta::seconds(10));
}

//! Strongly connected components and shortest paths, without recursion.

/// The component of each of `count` nodes, numbered so that edges lead to equal or smaller numbers.
pub(super) fn components(count: usize, successors: &dyn Fn(usize, &mut Vec<usize>)) -> (Vec<usize>, usize) {
    const UNSEEN: usize = usize::MAX;
    let (mut order, mut low, mut component) = (vec![UNSEEN; count], vec![0; count], vec![UNSEEN; count]);
    let (mut stack, mut found, mut clock) = (Vec::new(), 0, 0);
    // Each call: the node, its successors, and how many of them are done.
    let mut calls: Vec<(usize, Vec<usize>, usize)> = Vec::new();
    for root in 0..count {
        if order[root] != UNSEEN {
            continue;
        }
        let mut entering = Some(root);
        loop {
            if let Some(node) = entering.take() {
                order[node] = clock;
                low[node] = clock;
                clock += 1;
                stack.push(node);
                let mut next = Vec::new();
                successors(node, &mut next);
                calls.push((node, next, 0));
            }
            let Some((node, next, done)) = calls.last_mut() else { break };
            let node = *node;
            if let Some(&successor) = next.get(*done) {
                *done += 1;
                if order[successor] == UNSEEN {
                    entering = Some(successor);
                } else if component[successor] == UNSEEN {
                    low[node] = low[node].min(order[successor]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, ..)) = calls.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == order[node] {
                while let Some(member) = stack.pop() {
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    (component, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_and_its_exit() {
        let edges = [vec![1], vec![2], vec![1, 3], vec![]];
        let (component, found) = components(4, &|node, next| next.extend(&edges[node]));
        assert_eq!(found, 3);
        assert_eq!(component[1], component[2]);
        assert!(component[0] > component[1] && component[1] > component[3]);
    }
}

import type { Interest, Strength } from './dimensions.ts';

export interface RoleModel {
  name: string;
  title: string;
}

/** Somebody known for each interest and for each character strength. */
export const ROLE_MODELS: Record<Interest | Strength, RoleModel> = {
  realistic: { name: 'B. J. Habibie', title: 'Aeronautical engineer and third President of Indonesia' },
  investigative: { name: 'Marie Curie', title: 'Physicist and chemist, Nobel laureate in both sciences' },
  artistic: { name: 'Hayao Miyazaki', title: 'Animator, film director and co-founder of Studio Ghibli' },
  social: { name: 'Ki Hajar Dewantara', title: 'Founder of the Taman Siswa schools in Indonesia' },
  enterprising: { name: 'Konosuke Matsushita', title: 'Industrialist, founder of Panasonic' },
  conventional: { name: 'W. Edwards Deming', title: 'Statistician and pioneer of quality management' },
  creativity: { name: 'Leonardo da Vinci', title: 'Painter, engineer and anatomist of the Renaissance' },
  curiosity: { name: 'Charles Darwin', title: 'Naturalist, author of On the Origin of Species' },
  judgment: { name: 'Daniel Kahneman', title: 'Psychologist, Nobel laureate in economics' },
  loveOfLearning: {
    name: 'Malala Yousafzai',
    title: 'Campaigner for the education of girls, Nobel Peace Prize laureate',
  },
  perspective: { name: 'Marcus Aurelius', title: 'Roman emperor and Stoic philosopher' },
  bravery: { name: 'Cut Nyak Dhien', title: 'Leader in the Aceh War and National Hero of Indonesia' },
  perseverance: { name: 'Wilma Rudolph', title: 'Sprinter, three gold medals at the 1960 Olympic Games' },
  honesty: { name: 'Hoegeng Iman Santoso', title: 'Chief of the Indonesian National Police, known for his integrity' },
  zest: { name: 'Susi Susanti', title: 'Badminton player, Olympic champion of 1992' },
  love: { name: 'Fred Rogers', title: 'Host of the children’s programme Mister Rogers’ Neighborhood' },
  kindness: { name: 'Jane Addams', title: 'Social reformer, co-founder of Hull House, Nobel Peace Prize laureate' },
  socialIntelligence: { name: 'Oprah Winfrey', title: 'Talk show host and media producer' },
  teamwork: { name: 'Mia Hamm', title: 'Footballer, twice world champion with the United States' },
  fairness: { name: 'Thurgood Marshall', title: 'Civil rights lawyer and Justice of the United States Supreme Court' },
  leadership: { name: 'Ernest Shackleton', title: 'Antarctic explorer who brought the crew of the Endurance home' },
  forgiveness: { name: 'Nelson Mandela', title: 'President of South Africa and Nobel Peace Prize laureate' },
  humility: { name: 'Mohammad Hatta', title: 'First Vice President of Indonesia, known for his modest life' },
  prudence: { name: 'Angela Merkel', title: 'Physicist and Chancellor of Germany from 2005 to 2021' },
  selfRegulation: { name: 'Eliud Kipchoge', title: 'Marathon runner, Olympic champion of 2016 and 2020' },
  appreciationOfBeauty: { name: 'Ansel Adams', title: 'Landscape photographer and conservationist' },
  gratitude: { name: 'Lou Gehrig', title: 'Baseball player, remembered for his farewell speech of thanks' },
  hope: { name: 'Anne Frank', title: 'Author of The Diary of a Young Girl' },
  humor: { name: 'Charlie Chaplin', title: 'Comedian, film actor and director' },
  spirituality: {
    name: 'Tenzin Gyatso',
    title: 'The 14th Dalai Lama, Buddhist teacher and Nobel Peace Prize laureate',
  },
};
